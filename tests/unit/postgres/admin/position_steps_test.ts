import assert from "node:assert/strict";
import { PositionSteps } from "../../../../lib/postgres/admin/position_steps.ts";

const pure = { permissions: "none" } as const;

function at(position: number, { partition = 0, topic_id = "one", moved_by = `to-${position}` } = {}) {
  return { topic: "orders", partition, topic_id, position, moved_by };
}

Deno.test("PositionSteps.see() tells what the positions moved over", pure, () => {
  const positions = new PositionSteps();
  assert.equal(positions.see([at(5)]).isFirst, true);
  const { steps, ...rest } = positions.see([at(8), at(3, { partition: 1 })]);
  assert.deepEqual(rest, { isFirst: false, isTurnedBack: false });
  assert.deepEqual(steps.map(({ partition, from, to, seenTo }) => [partition, from, to, seenTo]), [
    [0, 5, 8, 5],
    [1, 0, 3, 0],
  ]);
  assert.deepEqual(positions.see([at(8), at(3, { partition: 1 })]).steps, []);
});

Deno.test("PositionSteps.see() notices a reset, and how far it was read before", pure, () => {
  const positions = new PositionSteps();
  positions.see([at(10)]);
  assert.equal(positions.see([at(10)]).isTurnedBack, false);
  assert.equal(positions.see([at(0)]).isTurnedBack, true);
  const [first] = positions.see([at(4)]).steps;
  assert.deepEqual([first.from, first.to, first.seenTo], [0, 4, 4]);
  const [second] = positions.see([at(12)]).steps;
  assert.deepEqual([second.from, second.to, second.seenTo], [4, 12, 10]);
});

Deno.test("PositionSteps.see() notices a reset that was made up for since the last look", pure, () => {
  const positions = new PositionSteps();
  positions.see([at(10)]);
  assert.equal(positions.see([at(10, { moved_by: "another call" })]).isTurnedBack, true);
});

Deno.test("PositionSteps.see() notices a topic created anew, and a store begun anew", pure, () => {
  const positions = new PositionSteps();
  positions.see([at(10)]);
  const { isTurnedBack, steps } = positions.see([at(12, { topic_id: "two" })]);
  assert.deepEqual([isTurnedBack, steps[0].from], [true, 0]);
  assert.equal(positions.see([]).isTurnedBack, true);
});
