import assert from "node:assert/strict";
import { EXIT } from "../../lib/errors.ts";
import { freePorts } from "../../tools/stack/ports.ts";
import { giveUpRun } from "../../tools/dashboard.ts";
import { ownWorld, task } from "../support/commands.ts";
import { Dashboard } from "../support/dashboard.ts";
import { sampleWorld } from "../support/kafka.ts";
import { postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { openRaw } from "../support/raw_http.ts";

Deno.test("it starts where everything is away, says so, and ends on a signal with pages open", async () => {
  using world = ownWorld();
  const [broker, registry] = freePorts(2);
  const env = {
    ...world.env,
    KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${broker}`,
    SCHEMA_REGISTRY_URL: `http://127.0.0.1:${registry}`,
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await using dashboard = await Dashboard.start([], env);
    const { health } = await dashboard.snapshot();
    for (const one of [health.broker, health.store]) assert.ok(!one.ok && one.sentence !== "", JSON.stringify(health));
    const pages = await Promise.all([1, 2].map(() => openRaw(dashboard.port, "/events")));
    for (const page of pages) await page.read(new Uint8Array(100));
    dashboard.signal(signal);
    const ends = await Promise.all(pages.map((page) => new Response(page.readable).text()));
    for (const end of ends) assert.match(end, /\r\n0\r\n\r\n$/, "the stream was ended, not torn off");
    assert.equal((await dashboard.end).code, EXIT.ok);
  }
});

Deno.test("it ends at once, in one line, only for what is wrong in its own settings", async () => {
  using world = ownWorld();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const cases: [args: string[], env: Record<string, string>, exit: number, says: RegExp][] = [
    [["--port", `${port}`], {}, EXIT.busy, /^error: Port \d+ is taken by another process: .* --port 0 /],
    [["--port", "65536"], {}, EXIT.usage, /^error: /],
    [["--prot", "1"], {}, EXIT.usage, /Did you mean/],
    [["--brokers", "nonsense"], {}, EXIT.config, /\(--brokers\)$/m],
    [[], { KAFKA_SECURITY_PROTOCOL: "nonsense" }, EXIT.config, /^error: KAFKA_SECURITY_PROTOCOL must be/],
    [["--group", " "], {}, EXIT.config, /consumer group must not be empty/],
  ];
  for (const [args, env, exit, says] of cases) {
    const { code, stdout, stderr } = await task("dashboard", args, { ...world.env, ...env });
    assert.deepEqual([code, stdout], [exit, ""], `${args}: ${stderr}`);
    assert.match(stderr, says);
    assert.equal(stderr.split("\n").length, 2, stderr);
  }
});

Deno.test({
  name: "without --play it gives up the right to run anything, for good",
  permissions: { run: true },
  fn() {
    const run = () => Deno.permissions.querySync({ name: "run", command: Deno.execPath() }).state;
    giveUpRun(["--port", "0", "--play"]);
    assert.equal(run(), "granted");
    giveUpRun(["--port", "0"]);
    assert.notEqual(run(), "granted");
    assert.throws(() => new Deno.Command(Deno.execPath()).outputSync(), Deno.errors.NotCapable);
  },
});

postgresTest("a password is in nothing that it answers or prints", async () => {
  using world = await sampleWorld();
  await using database = await TestDatabase.empty();
  const { password } = new URL(database.url);
  assert.notEqual(password, "");
  const env = { ...world.env, DATABASE_URL: database.url, SCHEMA_REGISTRY_TOKEN: "canary-token" };
  await task("bootstrap", [], env);
  await using dashboard = await Dashboard.start(["--play"], env);
  await dashboard.pressToEnd("send-10");
  await dashboard.pressToEnd("pay-bob");
  await dashboard.press("add-consumer");
  await dashboard.said("add-consumer", /accepted|rejected/);
  const answers = [await dashboard.snapshot(), await dashboard.play()];
  for (const question of ["orders", "dead-letters", "schemas", "why?id=x"]) {
    answers.push(await dashboard.ask(`/api/${question}`));
  }
  const all = JSON.stringify(answers);
  for (const secret of [password, "canary-token"]) assert.ok(!all.includes(secret));
});
