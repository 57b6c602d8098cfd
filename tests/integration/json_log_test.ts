import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import { eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { sampleWorld } from "../support/kafka.ts";

type Line = Record<string, unknown> & { event: string };
const JSON_LOG = ["--log", "json"];

/** The lines of a log; each has to be an object with a time, a level and an event. */
function linesOf(log: string): Line[] {
  return log.split("\n").filter((line) => line !== "").map((line) => {
    const { time, level, event, ...fields } = JSON.parse(line);
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, line);
    assert.match(level, /^(info|warn|error)$/, line);
    assert.match(event, /^[a-z_]+$/, line);
    return { level, event, ...fields };
  });
}

const events = (lines: readonly Line[]) => [...new Set(lines.map(({ event }) => event))];

Deno.test("consume --log json writes nothing but JSON lines, on stderr, from its start to its end", async () => {
  using world = await sampleWorld();
  await task("produce", ["--count", "10", "--delay", "0", "--mix", "unpaid=20,poison=20", "--seed", "log"], world.env);
  const flags = [...JSON_LOG, "--until-end", "--verbose", "--metrics-port", "0", "--reset", "--reset-to", "earliest"];
  const { code, stdout, stderr } = await task("consume", flags, world.env);
  assert.deepEqual([code, stdout], [EXIT.ok, ""]);
  const lines = linesOf(stderr);
  const expected = ["message", "joined", "accepted", "rejected", "dead_letter", "progress", "stopped"];
  assert.deepEqual(events(lines).sort(), expected.sort());
  assert.equal(lines.filter(({ event }) => ["accepted", "rejected", "dead_letter"].includes(event)).length, 10);
  assert.equal(lines.at(-1)!.records, 10);
});

Deno.test("consume --log json reports an outage of its store and its end", async () => {
  using world = await sampleWorld();
  using other = await sampleWorld(); // produce reads users too, which are damaged for a while
  const users = join(world.storage, "users.csv");
  const log = join(world.storage, "consume.log");
  Deno.writeTextFileSync(log, "");
  const said = () => linesOf(Deno.readTextFileSync(log).replace(/[^\n]*$/, ""));
  await using consumer = startTask("consume", JSON_LOG, world.env, ["sh", "-c", 'exec "$@" 2>"$0"', log]);
  await eventually("it has joined", () => events(said()).includes("joined"));
  const before = Deno.readTextFileSync(users);
  Deno.writeTextFileSync(users, 'user,status\n"alice,paid\n');
  await task("produce", ["--count", "2", "--delay", "0"], { ...world.env, STORAGE_DIR: other.storage });
  await eventually("it says that it waits", () => events(said()).includes("outage"));
  Deno.writeTextFileSync(users, before);
  await eventually("it says that it goes on", () => events(said()).includes("recovered"));
  consumer.signal("SIGTERM");
  assert.equal((await consumer.end).code, EXIT.ok);
  const outage = said().find(({ event }) => event === "outage")!;
  assert.match(String(outage.message), /users\.csv/);
  assert.equal(outage.level, "warn");
  assert.deepEqual(said().at(-1)!.event, "stopped");
});

Deno.test("an error that ends consume --log json is its last line, with the exit code; so is one in its flags", async () => {
  using world = ownWorld();
  const missing = await task("consume", JSON_LOG, world.env);
  assert.equal(missing.code, EXIT.config);
  const [failed] = linesOf(missing.stderr);
  assert.deepEqual([failed.level, failed.event, failed.exit], ["error", "failed", EXIT.config]);
  assert.match(String(failed.message), /users\.csv is missing: run deno task bootstrap$/);
  const typo = await task("consume", [...JSON_LOG, "--until-edn"], world.env);
  assert.equal(typo.code, EXIT.usage);
  assert.match(String(linesOf(typo.stderr)[0].message), /Did you mean `--until-end`\?/);
  const { code, stderr } = await task("consume", ["--log", "jsno"], world.env);
  assert.equal(code, EXIT.usage);
  assert.match(stderr, /^error: .*Did you mean `json`\?.*\n$/);
});
