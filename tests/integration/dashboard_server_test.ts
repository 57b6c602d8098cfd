import assert from "node:assert/strict";
import { EXIT, Failure } from "../../lib/errors.ts";
import { Play } from "../../tools/dashboard/play/play.ts";
import { type DashboardServer, serve } from "../../tools/dashboard/server/serve.ts";
import { eventually } from "../support/commands.ts";
import { MemoryFeed } from "../support/memory_feed.ts";
import { askRaw, openRaw, type RawAnswer } from "../support/raw_http.ts";

const PAGE = '<meta name="dashboard-token" content="">';
const ASSETS = {
  "/": { type: "text/html; charset=utf-8", text: PAGE },
  "/page.js": { type: "text/javascript; charset=utf-8", text: "1;" },
};

/** A server with a feed of its own; it can run nothing but says no. */
function start({ isPlay = false } = {}): { feed: MemoryFeed; server: DashboardServer; play?: Play } {
  const feed = new MemoryFeed();
  feed.show();
  const flags = { store: [], kafka: [], group: [] };
  const play = isPlay ? new Play({ feed, storage: "storage", flags }) : undefined;
  return { feed, play, server: serve(0, { feed, play, assets: ASSETS }) };
}

function errorOf({ headers, body }: RawAnswer): string {
  assert.match(headers.get("content-type")!, /^application\/json/);
  const { error, ...rest } = JSON.parse(body);
  assert.deepEqual(rest, {});
  assert.doesNotMatch(error, /\n| at .*\.ts/, "no stack trace");
  return error;
}

Deno.test("every answer, also an error, tells the browser to run only our own script and to keep the page to itself", async () => {
  const { server } = start();
  await using _ = server;
  for (const target of ["/", "/page.js", "/uplot.js", "/uplot.css", "/api/orders", "/nothing", "/api/why"]) {
    const { headers } = await askRaw(server.port, target);
    assert.equal(
      headers.get("content-security-policy"),
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      target,
    );
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.match(headers.get("cache-control")!, /no-store/);
    assert.equal(headers.get("access-control-allow-origin"), null);
  }
});

Deno.test("a page whose name was made to lead to this machine is refused", async () => {
  const { server } = start();
  await using _ = server;
  const { port } = server;
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
    assert.equal((await askRaw(port, "/", { headers: { host } })).status, 200, host);
  }
  for (
    const host of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1",
      `127.0.0.1:${port + 1}`,
      `localhost.:${port}`,
      "",
    ]
  ) {
    for (const target of ["/", "/events", "/api/orders", "/page.js"]) {
      const answer = await askRaw(port, target, { headers: { host } });
      assert.equal(answer.status, 403, `${host} ${target}`);
      assert.equal(errorOf(answer), `This page is only for this machine: open http://127.0.0.1:${port}/`);
    }
  }
});

Deno.test("it listens on loopback only", async () => {
  const { server } = start();
  await using _ = server;
  const others = Deno.networkInterfaces().filter(({ family, address }) => family === "IPv4" && address !== "127.0.0.1");
  for (const { address: hostname } of others) {
    await assert.rejects(Deno.connect({ hostname, port: server.port }), Deno.errors.ConnectionRefused, hostname);
  }
});

Deno.test("another page may link to this one and ask for nothing else", async () => {
  const { server } = start();
  await using _ = server;
  const ask = (target: string, headers: Record<string, string>) => askRaw(server.port, target, { headers });
  for (const site of ["cross-site", "same-site"]) {
    assert.equal((await ask("/", { "sec-fetch-site": site, "sec-fetch-mode": "navigate" })).status, 200);
    for (const target of ["/api/orders", "/events", "/page.js"]) {
      assert.equal((await ask(target, { "sec-fetch-site": site, "sec-fetch-mode": "no-cors" })).status, 403, target);
      assert.equal((await ask(target, { "sec-fetch-site": site, "sec-fetch-mode": "navigate" })).status, 403, target);
    }
  }
  assert.equal((await ask("/api/orders", { origin: "http://evil.example" })).status, 403);
  assert.equal((await ask("/api/orders", { origin: "null" })).status, 403);
  assert.equal((await ask("/api/orders", { origin: `http://127.0.0.1:${server.port}` })).status, 200);
  assert.equal((await ask("/api/orders", { "sec-fetch-site": "same-origin" })).status, 200);
});

Deno.test("a question that is too long, malformed or of another kind is refused in a sentence", async () => {
  const { server } = start();
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
  const { feed, server } = start();
  await using _ = server;
  feed.why = () => Promise.reject(new Failure(EXIT.unavailable, "Kafka at localhost:9092 does not answer"));
  const away = await askRaw(server.port, "/api/why?id=a");
  assert.deepEqual([away.status, errorOf(away)], [503, "Kafka at localhost:9092 does not answer"]);
  feed.deadLetters = () => Promise.reject(new TypeError("x is undefined"));
  const broken = await askRaw(server.port, "/api/dead-letters");
  assert.deepEqual([broken.status, errorOf(broken)], [500, "x is undefined"]);
});

Deno.test("a question that is asked again while it is being answered is asked once, and there are only so many", async () => {
  const { feed, server } = start();
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
  const { feed, server } = start();
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
  const { feed, server } = start();
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

Deno.test("the 21st page at once is refused, until one goes away", async () => {
  const { feed, server } = start();
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

Deno.test("an action needs the token of this start, of this page, and a name that is known", async () => {
  const { server, play } = start({ isPlay: true });
  await using _ = server;
  const { port } = server;
  const [, token] = /content="([0-9a-f]{64})"/.exec((await askRaw(port, "/")).body)!;
  assert.equal(token, play!.token);
  const good = { "x-dashboard-token": token, "content-type": "application/json" };
  const body = '{"action":"kill"}';
  const press = (headers: Record<string, string>, text = body) =>
    askRaw(port, "/api/play", { method: "POST", headers, body: text });
  const cases: [headers: Record<string, string>, body: string, status: number][] = [
    [{ "content-type": "application/json" }, body, 403],
    [{ ...good, "x-dashboard-token": "" }, body, 403],
    [{ ...good, "x-dashboard-token": token.slice(1) }, body, 403],
    [{ ...good, "x-dashboard-token": token.replace(/.$/, token.endsWith("0") ? "1" : "0") }, body, 403],
    [{ ...good, "x-dashboard-token": `${token}0` }, body, 403],
    [{ ...good, "sec-fetch-site": "cross-site" }, body, 403],
    [{ ...good, "sec-fetch-site": "same-site" }, body, 403],
    [{ ...good, origin: "http://evil.example" }, body, 403],
    [{ ...good, host: `evil.example:${port}` }, body, 403],
    [{ ...good, "content-type": "text/plain" }, body, 415],
    [good, `{"action":"${"x".repeat(300)}"}`, 413],
    [good, "{", 400],
    [good, '{"action":1}', 400],
    [good, "null", 400],
    [good, '{"action":"rm -rf"}', 404],
    [good, '{"action":"__proto__"}', 404],
    [{ ...good, origin: `http://127.0.0.1:${port}`, "sec-fetch-site": "same-origin" }, body, 409],
  ];
  for (const [headers, text, status] of cases) {
    const answer = await press(headers, text);
    assert.equal(answer.status, status, `${JSON.stringify(headers)} ${text}`);
    errorOf(answer);
  }
  assert.deepEqual(play!.answer().runs, []);
});

Deno.test("without play a page has no token, and no action is there", async () => {
  const { server } = start();
  await using _ = server;
  assert.equal((await askRaw(server.port, "/")).body, PAGE);
  const pressed = await askRaw(server.port, "/api/play", { method: "POST", body: '{"action":"send-10"}' });
  assert.equal(pressed.status, 404);
});
