import assert from "node:assert/strict";
import type { Order } from "../../lib/order.ts";
import type { OrderStore } from "../../lib/ports.ts";
import { placeOf } from "../../lib/postgres/client/database_error.ts";
import { postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { batchOf, order, outcomes, process, TestStorage } from "../support/storage.ts";
import { type Output, run } from "../support/task_lines.ts";

const RUN = "11111111-2222-4333-8444-555555555555";
const CAFE = { composed: "caf\u00e9", decomposed: "cafe\u0301" };

/** The walk-through of the README and other commands that people type. */
const EDITS: (string | string[])[] = [
  "bootstrap",
  "bootstrap",
  "bootstrap --force",
  "user show",
  "user show --json",
  "user add --user dave --status paid",
  "user update --user bob --status paid",
  "user update --user bob --status unpaid",
  "user add --user bob --status paid",
  "user update --user bop --status paid",
  "user update --user nobody-like-this --status paid",
  "inventory add --item laptop --quantity 5",
  "inventory update --item pen --quantity 100",
  "inventory update --item pen --quantity 0",
  "inventory update --item pen --quantity 100",
  "inventory add --item pen --quantity 1",
  "inventory update --item pan --quantity 1",
  "inventory show",
  "inventory show --json",
  ["user", "add", "--user", CAFE.composed, "--status", "paid"],
  ["user", "update", "--user", CAFE.decomposed, "--status", "unpaid"],
  ["inventory", "add", "--item", CAFE.composed, "--quantity", "1"],
  ["inventory", "update", "--item", CAFE.decomposed, "--quantity", "7"],
  ...["__proto__", "=cmd()", "'; DROP TABLE users; --", 'a"b,c', "\\", "😀"].flatMap((name) => [
    ["user", "add", "--user", name, "--status", "paid"],
    ["inventory", "add", "--item", name, "--quantity", "3"],
    ["inventory", "update", "--item", name, "--quantity", "2"],
  ]),
  ["user", "add", "--user", " blank ", "--status", "paid"],
  ["user", "add", "--user", "esc\x1b[2J", "--status", "paid"],
  "user show",
  "inventory show",
  "verify --offline",
];

/** What they ask after orders were judged. */
const QUESTIONS: string[] = [
  "verify --offline",
  "verify --offline --json",
  "why a-1 --offline",
  "why bob-1 --offline",
  "why replayed --offline",
  "why a-2 --offline",
  "why none --offline",
  "whatif",
  `replay --run ${RUN} --dry-run`,
  `replay --run ${RUN} --dry-run --originals`,
  "replay --same-id --dry-run",
  "replay --same-id --dry-run --originals",
  "bootstrap --force --yes",
  "user show",
  "verify --offline",
  "replay --same-id --dry-run",
];

const ORDERS: Order[] = [
  order({ order_id: "a-1" }),
  order({ order_id: "bob-1", user: "bob" }),
  order({ order_id: "a-2", item: "pen", quantity: 4 }),
  order({ order_id: "a-1" }),
  order({ order_id: "a-3", item: CAFE.decomposed }),
  order({ order_id: "too-many", quantity: 1_000 }),
];

async function judge(store: OrderStore): Promise<string[]> {
  const first = await process(store, batchOf(ORDERS));
  const replay = batchOf([order({ order_id: "replayed" })], { from: ORDERS.length });
  replay.orders.setReplayOf(0, "a-1");
  const second = await process(store, replay);
  return outcomes([...first, ...second]);
}

/** What is printed, except for what has to differ: the store's name, the order of rows, numbers against times. */
function comparable({ code, stdout, stderr }: Output, place: string): { code: number; out: string[]; err: string[] } {
  const plain = (text: string) =>
    text.replaceAll(place, "PLACE").replaceAll("PLACE/users.csv", "PLACE").split("\n").map((line) =>
      line.replace(/as number \d+|at \d{4}-\S+Z/g, "WHEN")
        .replace(/--to \d+|--until \d{4}-\S+Z/g, "--to END") // a log has lines, a table has times
        .replace(/(Moved the old )(?:files|tables) to .*/, "$1…")
        .replace(/"created_at":\d{13}/g, '"created_at":0')
        .replace(/ {2,}/g, "  ").trimEnd()
    );
  const rows = plain(stdout).flatMap((line) => line.startsWith("[{") ? JSON.parse(line).map(JSON.stringify) : [line]);
  return { code, out: rows.map(unordered).sort(), err: plain(stderr) };
}

/** The items of a JSON report in the order of their names. */
function unordered(line: string): string {
  if (!line.startsWith('{"ok"')) return line;
  const report = JSON.parse(line);
  report.items.sort((a: { item: string }, b: { item: string }) => a.item < b.item ? -1 : 1);
  return JSON.stringify(report);
}

postgresTest("every tool says the same of a database as of a storage folder", async () => {
  await using storage = TestStorage.of({});
  await using database = await TestDatabase.empty();
  const folder = { STORAGE_DIR: storage.folder };
  const tables = { STORAGE_DIR: `${storage.folder}/none`, DATABASE_URL: database.url };
  const compare = async (lines: readonly (string | string[])[]) => {
    for (const line of lines) {
      const [files, postgres] = await Promise.all([run(folder, line), run(tables, line)]);
      const expected = comparable(files, storage.folder);
      assert.deepEqual(comparable(postgres, placeOf(database.connection)), expected, JSON.stringify(line));
    }
  };
  await compare(EDITS);
  const store = await database.open();
  const files = await storage.open();
  const verdicts = await judge(files);
  assert.deepEqual(await judge(store), verdicts);
  assert.deepEqual(verdicts.filter((verdict) => verdict === "accepted").length, 4, String(verdicts));
  await storage.close(files);
  await database.close(store);
  await compare(QUESTIONS);
});
