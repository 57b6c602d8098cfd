import assert from "node:assert/strict";
import fc from "fast-check";
import { RepeatedIds } from "../../../../lib/files/read/repeated_ids.ts";

const pure = { permissions: "none" } as const;

function idsOf(ids: readonly string[]): RepeatedIds {
  const repeated = new RepeatedIds();
  for (const id of ids) {
    const { buffer, byteLength } = new TextEncoder().encode(id);
    repeated.add({ bytes: new DataView(buffer), from: 0, to: byteLength });
  }
  return repeated;
}

Deno.test("RepeatedIds.candidates() tells the ids that were added twice from the others", pure, () => {
  const anyId = fc.oneof(fc.nat(20).map(String), fc.string({ unit: "grapheme", maxLength: 3 }));
  fc.assert(fc.property(fc.array(anyId), (ids) => {
    const repeated = idsOf(ids);
    const twice = new Set(ids.filter((id, index) => ids.indexOf(id) < index));
    const isCandidate = repeated.candidates();
    assert.equal(repeated.size, ids.length);
    assert.deepEqual(new Set(ids.filter((id) => isCandidate?.(id))), twice);
    assert.equal(isCandidate === undefined, twice.size === 0);
  }));
});

Deno.test("RepeatedIds.candidates() finds the few that are repeated among many", pure, () => {
  const ids = Array.from({ length: 150_000 }, (_, number) => `order-${number}`);
  assert.equal(idsOf(ids).candidates(), undefined);
  const again = ["order-0", "order-65535", "order-65536", "order-149999"];
  const isCandidate = idsOf([...ids, ...again]).candidates();
  assert.deepEqual(ids.filter((id) => isCandidate!(id)), again);
});
