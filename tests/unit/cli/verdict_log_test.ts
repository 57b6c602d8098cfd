import assert from "node:assert/strict";
import { VerdictLog } from "../../../lib/cli/verdict_log.ts";
import type { ReceivedOrder } from "../../../lib/order.ts";
import type { Verdict } from "../../../lib/verdicts.ts";
import { printedBy } from "../../support/printed.ts";
import { verdictsOf } from "../../support/verdicts.ts";

function received(order_id: string, user = "alice"): ReceivedOrder {
  const order = { order_id, user, item: "book", quantity: 2, created_at: 0 };
  return { order, at: { topic: "orders", partition: 1, offset: 9 } };
}
const accepted: Verdict = { kind: "accepted", received: received("a"), before: 10, remaining: 8 };
const rejected: Verdict = {
  kind: "rejected",
  received: received("r", "bob\x1b[2J"),
  reason: "unpaid-user",
  status: "un\npaid",
  stock: 10,
};

async function logged(work: () => unknown): Promise<Record<string, unknown>[]> {
  const { out, err } = await printedBy(work);
  assert.deepEqual(out, []);
  return err.map((line) => {
    // deno-lint-ignore no-control-regex -- that is what must not be there
    assert.doesNotMatch(line, /[\x00-\x1f]/);
    const { time, ...rest } = JSON.parse(line);
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    return rest;
  });
}

Deno.test("VerdictLog has a line for each rejected order and dead letter, and counts for all", async () => {
  const log = new VerdictLog({ verbose: false });
  const lines = await logged(() => {
    log.show(verdictsOf([accepted, rejected, { kind: "redelivered", received: received("b") }]));
    log.showDeadLetters([{ at: { topic: "orders", partition: 1, offset: 7 }, reason: "bad\nmagic" }]);
    log.finish();
  });
  const record = { user: "bob\x1b[2J", item: "book", quantity: 2, partition: 1, offset: 9 };
  const counts = { records: 4, accepted: 1, rejected: { "unpaid-user": 1 }, redelivered: 1, dead_lettered: 1 };
  const seen = { reason: "unpaid-user", status: "un\npaid", stock: 10 };
  assert.deepEqual(lines, [
    { level: "warn", event: "rejected", order_id: "r", ...record, ...seen },
    { level: "warn", event: "dead_letter", partition: 1, offset: 7, reason: "bad\nmagic" },
    { level: "info", event: "progress", ...counts },
    { level: "info", event: "stopped", ...counts, seconds: 0 },
  ]);
});

Deno.test("VerdictLog has at most 20 lines a second about single records, and misses none in the counts", async () => {
  const log = new VerdictLog({ verbose: false });
  const lines = await logged(() => {
    for (let batch = 0; batch < 10; batch++) log.show(verdictsOf(Array.from({ length: 100 }, () => rejected)));
    log.finish();
  });
  assert.equal(lines.filter(({ event }) => event === "rejected").length, 20);
  assert.deepEqual(lines.at(-1)!.rejected, { "unpaid-user": 1_000 });
});

Deno.test("VerdictLog with --verbose has a line for each verdict", async () => {
  const log = new VerdictLog({ verbose: true });
  const lines = await logged(() => {
    log.show(verdictsOf([...Array.from({ length: 50 }, () => accepted), rejected]));
    log.finish();
  });
  assert.equal(lines.filter(({ event }) => event === "accepted").length, 50);
  const { level, stock_before, remaining } = lines[0];
  assert.deepEqual([level, stock_before, remaining], ["info", 10, 8]);
});
