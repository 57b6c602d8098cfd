import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { EXIT } from "../../lib/errors.ts";
import { valueSubject } from "../../lib/topics.ts";
import { testRegistry } from "../support/kafka.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { ownCheckout } from "../support/own_checkout.ts";
import { withoutPostgres } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { sendRaw } from "../support/raw_records.ts";
import { order } from "../support/storage.ts";

/** Commands in an order in which the examples of each find what those before it left. */
const PIPELINE =
  "bootstrap doctor produce user inventory consume offsets whatif replay dlq verify why dashboard demo completions"
    .split(" ");
const STACK = ["up", "down"];
/** Needs a database; migrate_store_test.ts and postgres_store_test.ts run what its examples say. */
const WITH_DATABASE = ["migrate-store"];
/** They ask hosts of others, which may not answer; compile_test.ts and audit_test.ts run them. */
const ASKING_OTHERS = ["compile", "audit"];
/** They take minutes to hours and stacks of their own; granted all, no permission can fail them. */
const CAMPAIGNS = ["faults", "fuzz", "bench", "screenshots"];

/** Each starts a stack of its own, and ends with 1 where it is to be red; drill_test.ts goes through them. */
const DRILLS = ["drill"];
/** Writes a file of this repository; reference_test.ts runs it. */
const WRITERS = ["reference"];

/** These run on for long or forever: they are stopped once they have shown something. */
const RUNS_ON = /^deno task (consume(?!.*--until-end)|replay --delay|produce .*--count 0|dashboard)/;
const PATIENCE_MS = 60_000;

/** The examples that `deno task NAME --help` prints. */
async function examplesOf(name: string, folder: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["task", "-q", name, "--help"], cwd: folder })
    .output();
  const [, examples] = new TextDecoder().decode(stdout).split("Examples:\n");
  const lines = examples?.split("\n").map((line) => line.trim()).filter((line) => line !== "") ?? [];
  assert.ok(lines.length > 0, `deno task ${name} --help has no example`);
  for (const line of lines) assert.match(line, new RegExp(`^([A-Z_]+=\\S+ )*deno task ${name}\\b`));
  return lines;
}

/** Runs an example word for word in Deno's own shell, and stops what would run on once it has printed something. */
async function runExample(
  line: string,
  folder: string,
  { env, wrapper = [] }: { env: Record<string, string>; wrapper?: readonly string[] },
): Promise<void> {
  const [program, ...args] = [...wrapper, Deno.execPath(), "task", "-q", "--eval", line];
  const child = new Deno.Command(program, {
    args,
    cwd: folder,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const stderr = new Response(child.stderr).text();
  for await (const _ of child.stdout) if (RUNS_ON.test(line)) child.kill("SIGTERM");
  const { code } = await child.status;
  clearTimeout(timer);
  assert.equal(code, EXIT.ok, `${line}: ${await stderr}`);
  assert.doesNotMatch(await stderr, /access to|NotCapable/, line);
}

/** Puts a command where every port is free. */
const OWN_NETWORK = ["unshare", "-rn", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"];
const HAS_NAMESPACES = await hasNamespaces();

async function hasNamespaces(): Promise<boolean> {
  try {
    return (await new Deno.Command("unshare", { args: ["-rn", "true"] }).output()).success;
  } catch {
    return false;
  }
}

/** Puts the orders that the examples of `why` ask for into the topic. */
async function sendOrdersToExplain(lines: readonly string[], topic: string): Promise<void> {
  const schemaId = await registerOrderSchema(testRegistry(), valueSubject(topic));
  const ids = lines.map((line) => /task why (\S+)/.exec(line)![1]);
  await sendRaw(topic, ids.map((order_id) => ({ value: encodeOrder(schemaId, order({ order_id })) })));
}

Deno.test("every example of a --help works as it is printed", async (t) => {
  using checkout = ownCheckout();
  const { folder } = checkout;
  const name = `test-${crypto.randomUUID()}`;
  await using database = withoutPostgres() === undefined ? await TestDatabase.empty() : undefined;
  const env = { ORDERS_TOPIC: name, CONSUMER_GROUP_ID: name, STORAGE_DIR: "" };
  for (const command of PIPELINE) {
    const lines = await examplesOf(command, folder);
    if (command === "why") await sendOrdersToExplain(lines, name);
    for (const line of lines) {
      const copy = /^STORAGE_DIR=(\S+)/.exec(line)?.[1];
      if (copy !== undefined) await copyStorage(folder, copy);
      const isOnDatabase = line.endsWith("--postgres");
      if (isOnDatabase && database === undefined) continue;
      const DATABASE_URL = isOnDatabase ? database!.url : "";
      await t.step(line, () => runExample(line, folder, { env: { ...env, DATABASE_URL } }));
    }
  }
});

Deno.test({
  name: "every example of up and down works as it is printed" +
    (HAS_NAMESPACES ? "" : " (skipped: needs a network namespace of its own)"),
  ignore: !HAS_NAMESPACES,
  async fn(t) {
    using checkout = ownCheckout();
    const { folder } = checkout;
    const own = { env: { KAFKA_BOOTSTRAP_SERVERS: "", SCHEMA_REGISTRY_URL: "" }, wrapper: OWN_NETWORK };
    const [down, purge] = await examplesOf("down", folder);
    assert.equal(purge, "deno task down --purge");
    for (const line of await examplesOf("up", folder)) {
      await t.step(line, () => runExample(line, folder, own));
      await t.step(down, () => runExample(down, folder, own));
      // Its data goes even where a step failed: no stack is left behind.
      const dataDir = /--data-dir \S+/.exec(line)?.[0] ?? "";
      await t.step(purge, () => runExample(`${purge} ${dataDir}`, folder, own));
    }
  },
});

Deno.test("every command with a --help is one whose examples are run", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(CHECKOUT, "deno.json")));
  const withoutHelp = ["check", "test", "ok"];
  assert.deepEqual(
    Object.keys(tasks).sort(),
    [...PIPELINE, ...STACK, ...CAMPAIGNS, ...DRILLS, ...WITH_DATABASE, ...ASKING_OTHERS, ...WRITERS, ...withoutHelp]
      .sort(),
  );
});

async function copyStorage(folder: string, name: string): Promise<void> {
  await Deno.mkdir(join(folder, name));
  for (const { name: file, isFile } of Deno.readDirSync(join(folder, "storage"))) {
    if (isFile) await Deno.copyFile(join(folder, "storage", file), join(folder, name, file));
  }
}
