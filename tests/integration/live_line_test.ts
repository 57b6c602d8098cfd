import assert from "node:assert/strict";
import { EXIT } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { startTask, task } from "../support/commands.ts";
import { sampleWorld, testEnv, testKafka } from "../support/kafka.ts";
import { watchedWork } from "../support/progress.ts";
import { batchOf, order, process, TestStorage } from "../support/storage.ts";
import { FileAdmin } from "../../lib/files/admin/file_admin.ts";
import { auditOffsets, VerdictOffsets } from "../../lib/kafka/inspect/offset_audit.ts";
import { sentByRun } from "../../lib/kafka/inspect/sent_by_run.ts";
import { drawnLines, HAS_TERMINAL, linesLeft, onTerminalOf } from "../support/terminal.ts";

/** `deno task` with these words, for a shell. */
function command(words: string): string {
  return `"${Deno.execPath()}" task -q ${words}`;
}

Deno.test({
  name: "consume on a terminal shows one line at machine pace, below what it prints, and the summary as ever",
  ignore: !HAS_TERMINAL,
  async fn() {
    using world = await sampleWorld();
    const env = { ...testEnv(), ...world.env };
    await task("inventory", ["update", "--item", "book", "--quantity", "2000000000"], env);
    await using _producer = startTask("produce", ["--rate", "250", "--count", "1250", "--seed", "a"], env);
    const { code, text } = await onTerminalOf(60, command("consume --max-messages 1250"), env);
    assert.equal(code, EXIT.ok, text);
    const drawn = drawnLines(text).filter((line) => line.includes("orders/s · lag"));
    assert.ok(drawn.length > 3, text);
    for (const line of drawn) assert.match(line, /^(?=.{0,59}$)[\d,.]+ orders\/s · lag [\d,]+( · .*)?$/);
    const left = linesLeft(text).slice(0, -1);
    assert.match(left.at(-1)!, /^1250 orders: \d+ accepted, \d+ rejected.* in [\d.]+ s \(\d+ orders\/s\)$/);
    assert.ok(left.length <= 25, `one line, not a flood: ${left.join("\n")}`);
    for (const line of left.slice(0, -1)) assert.match(line, /^(accepted|rejected) {2}\S+ {2}\S+ {2}\d \w+ {2}.*$/);
  },
});

Deno.test({
  name: "consume colours what its line about a record is about, all of it",
  ignore: !HAS_TERMINAL,
  async fn() {
    using world = await sampleWorld();
    const env = { ...testEnv(), ...world.env, NO_COLOR: "" };
    await task("produce", ["--count", "1", "--delay", "0", "--mix", "poison=100"], env);
    const { text } = await onTerminalOf(200, command("consume --until-end"), env);
    assert.ok(text.includes("\x1b[33mdead letter\x1b[39m  partition "), JSON.stringify(text));
  },
});

Deno.test({
  name: "produce on a terminal shows one line at machine pace, and keeps stdout for --json",
  ignore: !HAS_TERMINAL,
  async fn() {
    using world = await sampleWorld();
    const env = { ...testEnv(), ...world.env };
    const out = `${world.storage}/out.json`;
    const { code, text } = await onTerminalOf(40, command(`produce --rate 100 --count 250 --json > "${out}"`), env);
    assert.equal(code, EXIT.ok, text);
    const drawn = drawnLines(text);
    assert.ok(drawn.length > 2, text);
    for (const line of drawn) {
      assert.match(line, /^(?=.{0,39}$)Sent (\d+%|[█░]+ \d+%)( · \d s left)?( · \d+ orders\/s)?$/);
    }
    assert.equal(JSON.parse(Deno.readTextFileSync(out)).sent, 250);
    assert.equal(linesLeft(text).length, 2, "the note about the seed, and nothing after it");
  },
});

Deno.test("verify and replay report how far they have read the files and the topic, to the end", async () => {
  await using storage = await TestStorage.create({ users: { alice: "paid" } });
  const store = await storage.open();
  const orders = ["a", "b", "c"].map((order_id) => order({ order_id, user: order_id === "b" ? "eve" : "alice" }));
  await process(store, batchOf(orders));
  await storage.close(store);
  const { begin, ended } = watchedWork();
  const admin = new FileAdmin(storage.folder, storage.warn, { begin });
  await admin.audit(new VerdictOffsets());
  await admin.acceptedSlice({ run: crypto.randomUUID(), sameId: true, originals: false, filter: {} });
  await admin.rejectedSlice({ run: crypto.randomUUID(), filter: {}, sent: new Set() });
  assert.deepEqual(ended(), [
    "Checking the order log, bytes",
    "Checking the rejected orders, bytes",
    "Counting the accepted orders, bytes",
    "Looking through the accepted orders, bytes",
  ]);

  using world = await sampleWorld();
  await task("produce", ["--count", "50", "--delay", "0", "--mix", "poison=20"], { ...testEnv(), ...world.env });
  await task("consume", ["--until-end"], { ...testEnv(), ...world.env });
  const topics = watchedWork();
  const kafka = createKafka(testKafka());
  const read = [{ topic: world.topic, partition: 0, ranges: [{ from: 0, to: 5 }, { from: 7, to: 1_000 }] }];
  await auditOffsets(kafka, read, { verdicts: new VerdictOffsets(), begin: topics.begin });
  await sentByRun(kafka, world.topic, { run: crypto.randomUUID(), begin: topics.begin });
  assert.deepEqual(topics.ended(), [
    `Reading ${world.topic}.dlq, records`,
    `Checking ${world.topic}, records`,
    `Reading ${world.topic}, records`,
  ]);
});
