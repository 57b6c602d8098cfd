import assert from "node:assert/strict";
import { EXIT, Failure } from "../../lib/errors.ts";
import { serve } from "../../tools/dashboard/server/serve.ts";
import { eventually } from "../support/commands.ts";
import { errorOf, startServer } from "../support/dashboard_server.ts";
import { MemoryFeed } from "../support/memory_feed.ts";
import { askRaw, openRaw } from "../support/raw_http.ts";
import { parseScrape, sumOf } from "../support/scrape.ts";

Deno.test("a question that is too long, malformed or of another kind is refused in a sentence", async () => {
  const { server } = startServer();
  await using _ = server;
  const cases: [target: string, status: number, sentence: RegExp][] = [
    [`/api/orders?q=${"x".repeat(257)}`, 400, /^q is longer than 256 characters$/],
    [`/api/why?id=${"x".repeat(257)}`, 400, /^id is longer/],
    ["/api/why", 400, /^Say which order/],
    ["/api/play", 404, /^There is nothing here$/],
    ["/../deno.json", 404, /^There is nothing here$/],
    ["/%00", 404, /^There is nothing here$/],
  ];
  for (const [target, status, sentence] of cases) {
    const answer = await askRaw(server.port, target);
    assert.equal(answer.status, status, target);
    assert.match(errorOf(answer), sentence);
  }
  assert.equal((await askRaw(server.port, `/api/orders?q=${"x".repeat(256)}`)).status, 200);
  assert.equal((await askRaw(server.port, "/api/orders?q=%zz%ff")).status, 200);
  for (const method of ["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"]) {
    assert.equal((await askRaw(server.port, "/events", { method })).status, 405, method);
  }
});

Deno.test("a question that fails is answered with what is wrong, and nothing of where in the code", async () => {
  const { feed, server } = startServer();
  await using _ = server;
  feed.why = () => Promise.reject(new Failure(EXIT.unavailable, "Kafka at localhost:9092 does not answer"));
  const away = await askRaw(server.port, "/api/why?id=a");
  assert.deepEqual([away.status, errorOf(away)], [503, "Kafka at localhost:9092 does not answer"]);
  feed.deadLetters = () => Promise.reject(new TypeError("x is undefined"));
  const broken = await askRaw(server.port, "/api/dead-letters");
  assert.deepEqual([broken.status, errorOf(broken)], [500, "x is undefined"]);
});

Deno.test("a question that is asked again while it is being answered is asked once, and there are only so many", async () => {
  const { feed, server } = startServer();
  await using _ = server;
  const asked: string[] = [];
  const end = Promise.withResolvers<void>();
  const { why } = feed;
  feed.why = async (id) => {
    asked.push(id);
    await end.promise;
    return await why(id);
  };
  const ask = (id: string) => askRaw(server.port, `/api/why?id=${id}`);
  const answers = ["a", "a", "b", "c", "d"].map(ask);
  await eventually("four questions", () => asked.length === 4);
  const refused = await ask("e");
  assert.deepEqual([refused.status, errorOf(refused)], [503, "Too many questions at once: ask again"]);
  end.resolve();
  assert.deepEqual((await Promise.all(answers)).map(({ status }) => status), [200, 200, 200, 200, 200]);
  assert.deepEqual(asked.toSorted(), ["a", "b", "c", "d"]);
  assert.equal((await ask("e")).status, 200);
});

Deno.test("each of several pages gets every snapshot", async () => {
  const { feed, server } = startServer();
  await using _ = server;
  const pages = await Promise.all(Array.from({ length: 3 }, () => openRaw(server.port, "/events")));
  const seen = pages.map(() => "");
  const reading = pages.map(async (page, index) => {
    for await (const bytes of page.readable) seen[index] += new TextDecoder().decode(bytes);
  });
  await eventually("all are open", () => seen.every((text) => text.includes("event: snapshot")));
  for (const topic of ["one", "two", "three"]) {
    feed.show({ topic });
    await eventually(`${topic} on every page`, () => seen.every((text) => text.includes(`"topic":"${topic}"`)));
  }
  await server[Symbol.asyncDispose]();
  await Promise.all(reading); // the end of the server is the end of each stream
  for (const text of seen) assert.match(text, /content-type: text\/event-stream/);
});

Deno.test("a page that does not read holds up no other one, and one that goes away makes room", async () => {
  const { feed, server } = startServer();
  await using _ = server;
  const topic = "x".repeat(100_000);
  const slow = await openRaw(server.port, "/events");
  const quick = await openRaw(server.port, "/events");
  let read = 0;
  const reading = (async () => {
    for await (const bytes of quick.readable) read += bytes.length;
  })();
  for (let second = 1; second <= 200; second++) {
    feed.show({ topic });
    await eventually("the quick page has it", () => read > second * topic.length);
  }
  slow.close();
  await server[Symbol.asyncDispose]();
  await reading;
});

Deno.test("a page that does not read holds up the end for a moment only", async () => {
  const { feed, server } = startServer();
  using page = await openRaw(server.port, "/events");
  await page.read(new Uint8Array(12));
  for (let second = 0; second < 100; second++) {
    feed.show({ topic: "x".repeat(1_000_000) });
    await new Promise((resolve) => setTimeout(resolve)); // what is read between two snapshots fills the socket
  }
  await server[Symbol.asyncDispose]();
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: server.port }), Deno.errors.ConnectionRefused);
});

Deno.test("the 21st page at once is refused, until one goes away", async () => {
  const { feed, server } = startServer();
  await using _ = server;
  const pages: Deno.TcpConn[] = [];
  const open = async () => {
    const page = await openRaw(server.port, "/events");
    const begin = new Uint8Array(12);
    await page.read(begin);
    pages.push(page);
    return Number(new TextDecoder().decode(begin).split(" ")[1]);
  };
  for (let count = 0; count < 20; count++) assert.equal(await open(), 200);
  assert.equal(await open(), 503);
  pages[0].close();
  await eventually("room for one more", async () => {
    feed.show(); // what is sent to the page that went away is how its end is noticed
    return await open() === 200;
  });
  for (const page of pages.slice(1)) page.close();
});

Deno.test("a port that is taken is one line that says so", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const feed = new MemoryFeed();
  assert.throws(() => serve(port, { feed, assets: {} }), {
    exit: EXIT.busy,
    message: `Port ${port} is taken by another process: stop that one, or pass --port 0 for a free one`,
  });
  assert.equal(feed.listeners.size, 0);
});

Deno.test("operators get the figures of the whole group, without a lag that is out of date", async () => {
  const { feed, server } = startServer();
  await using _ = server;
  const at = Date.now();
  const lane = { start: 0, committed: 5, end: 12, lag: 7, lagSeconds: 2, owner: null, marks: [] };
  const totals = { accepted: 4, rejected: { "unpaid-user": 2 }, deadLettered: 1, exact: true };
  const lanes = [{ partition: 0, ...lane }, { partition: 1, ...lane }];
  feed.show({ lanes, totals, rebalanceCount: 3 });
  const ask = (path: string) => askRaw(server.port, path);
  const figures = async () => {
    const samples = parseScrape((await ask("/metrics")).body);
    const names = ["kafka_consumergroup_lag", "orders_accepted_total", "orders_rejected_total", "rebalances_total"];
    return names.map((name) => sumOf(samples, name));
  };
  assert.deepEqual(await figures(), [14, 4, 2, 3]);
  assert.deepEqual([(await ask("/health/live")).status, (await ask("/health/ready")).status], [200, 200]);
  feed.show({
    lanes,
    totals,
    health: { ...feed.snapshot!.health, broker: { ok: false, since: at, sentence: "Kafka is away" } },
  });
  assert.deepEqual(await figures(), [0, 4, 2, 0]);
  const notReady = await ask("/health/ready");
  assert.deepEqual([notReady.status, notReady.body], [503, "Kafka is away\n"]);
});
