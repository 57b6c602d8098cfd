import assert from "node:assert/strict";
import { Badges, NOBODY } from "../../../../tools/dashboard/page/members.js";
import { BELOW, columns, RateWindow, timeRange } from "../../../../tools/dashboard/page/rate_data.js";
import type { RatePoint, Snapshot } from "../../../../tools/dashboard/snapshot.ts";
import { SamplePictures } from "../../../support/sample_pictures.ts";

function point(at: number, changes: Partial<RatePoint> = {}): RatePoint {
  return { at, accepted: 1, rejected: {}, deadLettered: 0, lag: 0, sampled: false, ...changes };
}

/** Members, and those that had a partition, the oldest first. */
function group(ids: string[], owners: string[]): Snapshot {
  const members = ids.map((id) => ({ id, clientId: id, host: "", partitions: [] }));
  const tenures = owners.map((owner, index) => ({ partition: 0, owner, from: index, to: index }));
  return { ...new SamplePictures().next(), members, tenures, play: false };
}

Deno.test("the charts keep ten minutes, and a second that comes twice counts once", () => {
  const window = new RateWindow();
  window.replace([point(0), point(1_000)]);
  for (let at = 1_000; at <= 1_000_000; at += 1_000) window.add(point(at));
  assert.equal(window.points.length, 601);
  assert.deepEqual([window.points[0].at, window.points.at(-1)?.at], [400_000, 1_000_000]);
});

Deno.test("the time axis of a young page shows two minutes, later ten", () => {
  assert.deepEqual(timeRange([point(500_000)], 0), [380_000, 500_000]);
  assert.deepEqual(timeRange([point(0), point(300_000)], 0), [0, 300_000]);
  assert.deepEqual(timeRange([point(0), point(900_000)], 0), [300_000, 900_000]);
});

Deno.test("accepted is stacked above zero, rejected and dead letters below it", () => {
  const { rates } = columns([point(1_000, {
    accepted: 7,
    rejected: { "unpaid-user": 2, "insufficient-stock": 3 },
    deadLettered: 4,
  })]);
  const below = Object.fromEntries(BELOW.map((name, index) => [name, rates[2 + index][0]]));
  assert.equal(rates[1][0], 7);
  assert.deepEqual([below["insufficient-stock"], below["unpaid-user"], below["dead-letter"]], [-3, -5, -9]);
});

Deno.test("a time without points is a gap in the charts", () => {
  const { rates, lag } = columns([point(1_000), point(60_000)]);
  assert.deepEqual(rates[0], [1, 2, 60]);
  assert.deepEqual(rates[1], [1, null, 1]);
  assert.deepEqual(lag[1], [0, null, 0]);
});

Deno.test("a member keeps its letter as long as it is shown; then the letter is free for a newcomer", () => {
  const badges = new Badges();
  badges.note(group(["x", "y"], []));
  badges.note(group(["y", "z"], ["x"]));
  assert.deepEqual(["x", "y", "z"].map((id) => badges.of(id).letter), ["A", "B", "C"]);
  badges.note(group(["y", "w"], []));
  assert.deepEqual(["w", "y"].map((id) => badges.of(id).letter), ["A", "B"]);
  assert.equal(badges.of(null), NOBODY);
  assert.equal(badges.of("x"), NOBODY);
});

Deno.test("a page that is opened later gives the same letters: the members are counted from the oldest", () => {
  const badges = new Badges();
  badges.note(group(["a", "z"], ["z", "b", "a"]));
  assert.deepEqual(["z", "b", "a"].map((id) => badges.of(id).letter), ["A", "B", "C"]);
});
