import assert from "node:assert/strict";
import { Standstill } from "../../../../tools/dashboard/page/standstill.js";
import { stateOf } from "../../../../tools/dashboard/page/state.js";
import type { Snapshot } from "../../../../tools/dashboard/snapshot.ts";
import { SamplePictures } from "../../../support/sample_pictures.ts";

const NOW = 1_700_000_000_000;
const OPEN = { open: true, since: NOW };

function state(changes: Partial<Snapshot> = {}, { members = 2, pace = 60 } = {}) {
  const snapshot: Snapshot = {
    ...new SamplePictures({ at: NOW - 1_000, members, pace }).next(),
    play: false,
    ...changes,
  };
  return stateOf(snapshot, { link: OPEN, now: NOW });
}

const gone = (sentence: string) => ({ ok: false, since: NOW, sentence }) as const;

Deno.test("the state says how far behind the group is", () => {
  assert.deepEqual(state(), { tone: "good", text: "2 consumers read 3 partitions and have read everything." });
  assert.match(state({}, { members: 1, pace: 3 }).text, /^1 consumer reads 3 partitions: \d+ waiting, the oldest for /);
});

Deno.test("the state says that no consumer runs, what waits, and how to start one", () => {
  const { tone, text, do: command } = state({ groupState: "Empty" }, { members: 0 });
  assert.match(text, /^No consumer is running; \d+ records wait\.$/);
  assert.deepEqual([tone, command], ["bad", "deno task consume"]);
});

Deno.test("the state says since when and why a service is away; Kafka before the store, the store before the registry", () => {
  const { health: { broker: ok } } = new SamplePictures({ at: NOW }).next();
  const [broker, store, registry] = [gone("no route."), gone("refused"), gone("")];
  assert.match(
    state({ health: { broker, store, registry } }).text,
    /^Kafka has been away since [\d:]+ \(no route\)\. /,
  );
  assert.match(state({ health: { broker: ok, store, registry } }).text, /^The store has been away .* \(refused\)\. /);
  assert.match(state({ health: { broker: ok, store: ok, registry } }).text, /^The schema registry .* since [\d:]+\. /);
});

Deno.test("the state says when what is shown is old, and when the dashboard itself is gone", () => {
  const snapshot: Snapshot = { ...new SamplePictures({ at: NOW }).next(), play: false };
  assert.match(stateOf(snapshot, { link: OPEN, now: NOW + 20_000 }).text, /^Nothing new since /);
  assert.match(
    stateOf(snapshot, { link: { open: false, since: NOW }, now: NOW }).text,
    /^No connection to the dashboard since /,
  );
  assert.match(stateOf(undefined, { link: OPEN, now: NOW }).text, /^Waiting for the first look/);
});

Deno.test("the state says that the members are sharing the partitions out, and that a partition has no reader", () => {
  assert.match(state({ groupState: "PreparingRebalance" }).text, /^Rebalance: /);
  const { lanes } = new SamplePictures({ at: NOW }).next();
  assert.match(state({ lanes: [{ ...lanes[0], owner: null }, lanes[1]] }).text, /^Nobody reads 1 of 2 partitions\.$/);
});

Deno.test("the state shows what cannot be seen in a sentence of others", () => {
  const { health } = new SamplePictures({ at: NOW }).next();
  assert.match(state({ health: { ...health, broker: gone("a\u202eb") } }).text, /\(a\\u202eb\)/);
});

Deno.test("the state names partitions that have a consumer and do not move, until they move or nothing waits", () => {
  const pictures = new SamplePictures({ at: NOW, members: 1, pace: 30, rate: 60 });
  const standstill = new Standstill();
  const tell = () => {
    const snapshot: Snapshot = { ...pictures.next(), play: false };
    return stateOf(snapshot, { link: OPEN, now: snapshot.at, still: standstill.note(snapshot) }).text;
  };
  for (let second = 0; second < 5; second++) assert.match(tell(), /^1 consumer reads 3 partitions: /);
  pictures.pace = 0;
  for (let second = 0; second < 2; second++) assert.match(tell(), /^1 consumer reads 3 partitions: /);
  assert.match(tell(), /^Partitions 0, 1 and 2 have not moved for 3 s: /);
  assert.match(tell(), / for 4 s: /);
  pictures.pace = 9_000;
  assert.match(tell(), /^1 consumer reads 3 partitions and has read everything/);
  pictures.pace = pictures.rate = 0;
  for (let second = 0; second < 5; second++) assert.match(tell(), /has read everything/);
});
