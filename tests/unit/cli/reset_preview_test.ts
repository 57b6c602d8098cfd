import assert from "node:assert/strict";
import fc from "fast-check";
import { kindsOf, resetPreview, resetSummary } from "../../../lib/cli/reset_preview.ts";
import { resetStep } from "../../../lib/reset_target.ts";

const LOG = { partition: 0, low: 0, high: 500, end: 500 };
const BACK = resetStep(LOG, 412, 0);
const ON = resetStep({ ...LOG, partition: 1 }, 100, 150);
const verdicts = new Map([
  [0, { accepted: 350, rejected: 20, read: 380 }],
  [1, { accepted: 5, rejected: 0, read: 5 }],
]);

Deno.test("resetSummary() says in orders what is read again and what is skipped", () => {
  assert.equal(
    resetSummary([BACK, ON], verdicts),
    "412 read again: 350 already settled, 20 rejected before, 10 without an order, 32 new; " +
      "50 skipped: 5 already settled, 45 never judged",
  );
  assert.equal(resetSummary([BACK]), "412 read again");
  assert.equal(resetSummary([resetStep(LOG, 5, 5)]), "nothing is read again or skipped");
});

Deno.test("resetPreview() shows old, new, and when the record there was written", () => {
  const times = new Map([[0, Date.UTC(2026, 10, 24, 8)]]);
  const lines = resetPreview({ topic: "orders", steps: [BACK, ON], times }).split("\n");
  assert.equal(lines[0], "Undo of orders");
  assert.match(lines[2], /^ +0 +412 +0 +2026-11-24T08:00:00Z +412 read again$/);
  assert.match(lines[3], /^ +1 +100 +150 +- +50 skipped$/);
});

Deno.test("kindsOf() adds up to all records, whatever an earlier topic of that name has left", () => {
  fc.assert(fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(), (size, accepted, rejected, read) => {
    const { settled, rejected: again, others, fresh } = kindsOf(size, { accepted, rejected, read });
    assert.equal(settled + again + others + fresh, size);
    assert.ok([settled, again, others, fresh].every((count) => count >= 0));
  }));
});

Deno.test("resetPreview() shows a time in the zone of this machine too, where that is another than UTC", async () => {
  const script = import.meta.resolve("../../../lib/cli/reset_preview.ts");
  const code = `const { resetPreview } = await import("${script}");
    console.log(resetPreview({ topic: "t", target: { kind: "time", time: 0 }, steps: [] }))`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", code],
    env: { TZ: "Asia/Kolkata", NO_COLOR: "1" },
  }).output();
  assert.match(
    new TextDecoder().decode(stdout),
    /^Reset of t to what came at 1970-01-01T00:00:00Z \(1970-01-01T05:30:00\+05:30 here\) or later/,
  );
});
