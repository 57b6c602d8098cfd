import assert from "node:assert/strict";
import { join } from "node:path";
import type { IHeaders } from "kafkajs";
import { EXIT } from "../../lib/errors.ts";
import { errorHeaders } from "../../lib/kafka/dead_letters/error_headers.ts";
import { textWithLength } from "../../lib/kafka/protocol/record_writer.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { UNSAFE_CHARACTERS } from "../../lib/safe_json.ts";
import { deadLetterTopic } from "../../lib/topics.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { ownWorld, task } from "../support/commands.ts";
import { testKafka } from "../support/kafka.ts";
import { withoutPostgres } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { sendRaw } from "../support/raw_records.ts";

/** ESC and C1 controls, bidi, zero-width, an invisible tag. */
const HOSTILE = "\x1b[2J\x9b2J\u202e\u200b\u{e0061}x";

/** Each source with a flag `--json`: a command in which the hostile text has to come out. */
const PRINTERS: Record<string, [task: string, args: string[]]> = {
  "producer.ts": ["produce", ["--count", "1", "--delay", "0", "--seed", HOSTILE, "--json"]],
  "tools/replay/replay_flags.ts": ["replay", ["--dlq", "--reason", HOSTILE, "--json"]],
  "tools/dlq.ts": ["dlq", ["--json"]],
  "tools/inventory.ts": ["inventory", ["show", "--json"]],
  "tools/stack/doctor.ts": ["doctor", ["--json"]],
  "tools/user.ts": ["user", ["show", "--json"]],
  "tools/verify.ts": ["verify", ["--json"]],
  "tools/why.ts": ["why", [HOSTILE, "--json"]],
  "tools/offsets.ts": ["offsets", ["show", "--group", HOSTILE, "--json"]],
  "tools/whatif.ts": ["whatif", ["--json"]],
  "tools/migrate_store.ts": ["migrate-store", ["--to", "postgres", "--json"]], // the last one: it takes the folder away
};
/** These print figures only. */
const WITHOUT_TEXT = ["consumer.ts"];
/** Those that print JSON by another flag. */
const DRY_RUNS: [task: string, args: string[]][] = [
  ["replay", ["--dlq", "--dry-run"]],
  ["produce", ["--count", "50", "--seed", "x", "--dry-run"]],
];

/** A world with a hostile user, item, folder and dead letter. */
async function hostileWorld() {
  const { env, storage, [Symbol.dispose]: dispose } = ownWorld();
  const folder = join(storage, HOSTILE);
  Deno.mkdirSync(folder);
  Deno.writeTextFileSync(join(folder, "users.csv"), `user,status\n${HOSTILE},paid\nalice,paid\nbob,unpaid\n`);
  Deno.writeTextFileSync(join(folder, "inventory.csv"), `item,quantity\n${HOSTILE},7\nbook,5\n`);
  const topic = env.ORDERS_TOPIC;
  const errors = errorHeaders({ at: { topic, partition: 0, offset: 0 }, reason: HOSTILE });
  await ensureTopics(testKafka(), topic);
  await sendRaw(deadLetterTopic(topic), [{
    key: HOSTILE,
    value: HOSTILE,
    headers: Object.fromEntries([[HOSTILE, HOSTILE], ...errors]) as IHeaders,
  }]);
  return { env: { ...env, STORAGE_DIR: folder }, topic, [Symbol.dispose]: dispose };
}

const takesJson = /option\("--json"/;

function textOf(path: string): string {
  return Deno.readTextFileSync(join(CHECKOUT, path));
}

/** The TypeScript of a folder, those below it included but for the root's. */
function sourcesIn(folder: string): string[] {
  return [...Deno.readDirSync(join(CHECKOUT, folder))].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return folder === "." ? [] : sourcesIn(path);
    return name.endsWith(".ts") ? [path] : [];
  });
}

/** Whether the hostile text stands in a value as it is, in a name or in text. */
function holdsHostile(value: unknown): boolean {
  if (typeof value === "string") return value.includes(HOSTILE);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some((entry) => entry.some(holdsHostile));
}

Deno.test("every command with --json escapes what drives a terminal, and what it prints parses back the same", async (t) => {
  const sources = [...sourcesIn("."), ...sourcesIn("tools")].filter((path) => takesJson.test(textOf(path)));
  assert.deepEqual(
    [...Object.keys(PRINTERS), ...WITHOUT_TEXT].sort(),
    sources.sort(),
    "each source with the flag has a row here",
  );
  using world = await hostileWorld();
  await sendRaw(world.topic, [{ key: HOSTILE, value: textWithLength(HOSTILE) }]); // the id that why looks for
  await using database = withoutPostgres() === undefined ? await TestDatabase.empty() : undefined;
  const rows = [...DRY_RUNS, ...Object.values(PRINTERS)];
  for (const [name, args] of rows) {
    const isMove = name === "migrate-store";
    if (isMove && database === undefined) continue;
    await t.step(`${name} ${args.at(-1)}`, async () => {
      const env = isMove ? { ...world.env, DATABASE_URL: database!.url } : world.env;
      const { code, stdout, stderr } = await task(name, args, env);
      assert.equal(code, EXIT.ok, stderr);
      const lines = stdout.trimEnd().split("\n");
      assert.ok(lines.map((line) => JSON.parse(line)).some(holdsHostile), stdout);
      for (const line of lines) assert.equal(line.match(UNSAFE_CHARACTERS), null, line);
      assert.doesNotMatch(stdout, /"[a-z]+[A-Z]\w*":/, "names of fields are in snake_case");
    });
  }
});

Deno.test("consume --json keeps stdout for its summary, even with a preview of a reset", async () => {
  using world = await hostileWorld();
  await task("produce", ["--count", "5", "--delay", "0", "--mix", "unpaid=40"], world.env);
  const { code, stdout, stderr } = await task("consume", ["--until-end", "--json", "--reset"], world.env);
  assert.equal(code, EXIT.ok, stderr);
  const { orders, accepted, rejected } = JSON.parse(stdout);
  assert.equal(orders, 5);
  assert.equal(accepted + Object.values<number>(rejected).reduce((sum, count) => sum + count, 0), 5);
  assert.match(stderr, /^Reset of .*^(accepted|rejected) {2}/ms);
});
