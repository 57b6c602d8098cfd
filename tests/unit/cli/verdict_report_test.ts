import assert from "node:assert/strict";
import { VerdictReport } from "../../../lib/cli/verdict_report.ts";
import type { ReceivedOrder } from "../../../lib/order.ts";
import type { Verdict } from "../../../lib/verdicts.ts";
import { printedBy } from "../../support/printed.ts";
import { verdictsOf } from "../../support/verdicts.ts";

function received(order_id: string, user = "alice"): ReceivedOrder {
  const order = { order_id, user, item: "book", quantity: 2, created_at: 0 };
  return { order, at: { topic: "orders", partition: 0, offset: 0 } };
}
const accepted = (id: string): Verdict => ({ kind: "accepted", received: received(id), before: 10, remaining: 8 });
const unpaid: Verdict = {
  kind: "rejected",
  received: received("r", "bob\x1b[2J"),
  reason: "unpaid-user",
  status: "un\npaid",
  stock: 10,
};

Deno.test("VerdictReport shows each order at human pace, warnings on stderr, controls escaped", async () => {
  const report = new VerdictReport({ verbose: false });
  const { out, err } = await printedBy(() => {
    report.show(verdictsOf([accepted("a"), unpaid, { kind: "redelivered", received: received("b") }]));
    report.showDeadLetters([{ at: { partition: 1, offset: 7 }, reason: "bad\nmagic" }]);
    report.finish();
  });
  assert.equal(out[0], "accepted  a  alice  2 book  stock 10 -> 8");
  assert.equal(out[1], "skipped   b  alice  2 book  accepted before");
  assert.deepEqual(err, [
    "rejected  r  bob\\u{1b}[2J  2 book  unpaid-user (user is un\\u{a}paid, stock is 10)",
    "dead letter  partition 1 offset 7: bad\\u{a}magic",
  ]);
  assert.match(out[2], /^4 orders: 1 accepted, 1 rejected \(1 unpaid-user\), 1 accepted before, 1 dead-lettered in /);
});

Deno.test("VerdictReport quotes names and statuses with blanks that nobody sees", async () => {
  const report = new VerdictReport({ verbose: false });
  const blank: Verdict = { ...unpaid, received: received("r", "bob "), status: "paid\u00a0" } as Verdict;
  const { err } = await printedBy(() => {
    report.show(verdictsOf([blank]));
    report.finish();
  });
  assert.deepEqual(err, ['rejected  r  "bob "  2 book  unpaid-user (user is "paid\\u{a0}", stock is 10)']);
});

Deno.test("VerdictReport counts at machine pace and loses none in the total", async () => {
  const report = new VerdictReport({ verbose: false });
  const many = Array.from({ length: 500 }, (_, index) => accepted(String(index)));
  const { out, err } = await printedBy(() => {
    report.show(verdictsOf([...many, unpaid]));
    report.finish();
  });
  assert.ok(out.length + err.length < 30, "a line an order");
  assert.match(err.join("\n"), /^… \d+ more orders: \d+ accepted, 1 rejected \(1 unpaid-user\)$/m);
  assert.match(out.at(-1)!, /^501 orders: 500 accepted, 1 rejected/);
  assert.deepEqual(report.counts, { accepted: 500, rejected: { "unpaid-user": 1 }, redelivered: 0, deadLettered: 0 });
});

Deno.test("VerdictReport says 1 more order of one that is only counted", async () => {
  const report = new VerdictReport({ verbose: false });
  const { out } = await printedBy(() => {
    report.show(verdictsOf(Array.from({ length: 21 }, (_, index) => accepted(String(index)))));
    report.finish();
  });
  assert.equal(out.at(-2), "… 1 more order: 1 accepted, 0 rejected");
});

Deno.test("VerdictReport shows each order at any pace when asked", async () => {
  const report = new VerdictReport({ verbose: true });
  const many = Array.from({ length: 100 }, (_, index) => accepted(String(index)));
  const { out } = await printedBy(() => {
    report.show(verdictsOf(many));
    report.finish();
  });
  assert.equal(out.length, 101);
});

Deno.test("VerdictReport keeps stdout for one JSON object when asked", async () => {
  const report = new VerdictReport({ verbose: false, json: true });
  const { out, err } = await printedBy(() => {
    report.show(verdictsOf([accepted("a"), unpaid]));
    report.showDeadLetters([{ at: { partition: 1, offset: 7 }, reason: "bad" }]);
    report.finish();
  });
  assert.equal(err.length, 3);
  const { seconds, orders_per_second, ...counts } = JSON.parse(out.join("\n"));
  assert.deepEqual([typeof seconds, typeof orders_per_second], ["number", "number"]);
  const rejected = { "unpaid-user": 1 };
  assert.deepEqual(counts, { orders: 3, accepted: 1, rejected, redelivered: 0, dead_lettered: 1 });
});
