import assert from "node:assert/strict";
import type { AcceptedOrder, RejectedOrder } from "../../../../lib/store_admin.ts";
import { whyStory } from "../../../../tools/dashboard/page/why_story.js";
import type { WhyAnswer } from "../../../../tools/dashboard/snapshot.ts";

const AT = { topic: "orders", partition: 1, offset: 41 };
const ORDER = { order_id: "x", user: "bob", item: "pen", quantity: 2, created_at: 1_000 };
const ACCEPTED: AcceptedOrder = { ...ORDER, ...AT, remaining: 5, accepted_at: 3_000 };
const REJECTED: RejectedOrder = {
  ...ORDER,
  ...AT,
  reason: "unpaid-user",
  status: "unpaid",
  stock: 7,
  rejected_at: 2_000,
};
const RECORD = { partition: 1, offset: 41, schemaId: 1, key: "pen", timestamp: 1_500 };

function story(answer: Partial<WhyAnswer>) {
  const whole = { order_id: "x", known: true, records: [RECORD], accepted: undefined, rejections: [], replays: [] };
  return whyStory({ ...whole, ...answer });
}

Deno.test("the story of an order goes from its key to today", () => {
  const steps = story({ rejections: [REJECTED], accepted: ACCEPTED, now: { status: "paid", quantity: 5 } });
  assert.deepEqual(steps.map(({ title }) => title), [
    "Asked for",
    "Sent",
    "Rejected: unpaid-user",
    "Accepted",
    "Today",
  ]);
  assert.match(steps[1].text, /key is “pen”.* partition 1 at offset 41\. Written with schema 1\./);
  assert.match(steps[2].text, /has not paid\. Seen then: bob was unpaid, stock of pen was 7\. Set the user paid, then/);
  assert.match(steps[3].text, /Stock of pen was 7, and is 5 after it\./);
  assert.equal(steps[4].text, "bob is paid, pen has a stock of 5.");
});

Deno.test("the story tells of records that were sent again, of replays, and of what is no longer in the topic", () => {
  const again = { ...RECORD, offset: 50 };
  const replay = { ...ACCEPTED, order_id: "y", replay_of: "x" };
  const titles = story({ records: [RECORD, again], accepted: ACCEPTED, replays: [replay] }).map(({ title }) => title);
  assert.deepEqual(titles, ["Asked for", "Sent", "Sent again", "Accepted", "Replayed: 1 time"]);
  assert.match(story({ records: [], accepted: ACCEPTED })[1].text, /the topic no longer has it/);
});

Deno.test("the story says where an order was read if it was sent more than once", () => {
  const again = { ...RECORD, offset: 50 };
  assert.match(story({ records: [RECORD, again], accepted: ACCEPTED })[3].text, /^Read from partition 1, offset 41\. /);
  assert.match(story({ accepted: ACCEPTED })[2].text, /^The user had paid\. /);
});

Deno.test("the story has verdicts in the sequence of their times", () => {
  const titles = story({ rejections: [REJECTED, { ...REJECTED, rejected_at: 4_000 }], accepted: ACCEPTED });
  assert.deepEqual(titles.slice(2).map(({ title }) => title), [
    "Rejected: unpaid-user",
    "Accepted",
    "Rejected: unpaid-user",
  ]);
});

Deno.test("the story of an order without a verdict says that it waits, and of an unknown one that nothing is known", () => {
  assert.equal(story({}).at(-1)?.title, "No verdict yet");
  assert.deepEqual(story({ known: false, records: [] }).map(({ title }) => title), ["Nothing is known"]);
});
