import assert from "node:assert/strict";
import fc from "fast-check";
import { shareOut, type Sharer } from "../../../../lib/kafka/consume/share_out.ts";

const pure = { permissions: "none" } as const;
const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const joined = (shares: Map<string, number[]>, members: readonly Sharer[]) =>
  members.map(({ memberId }) => ({ memberId, owned: shares.get(memberId)! }));
const newMembers = (...ids: string[]): Sharer[] => ids.map((memberId) => ({ memberId, owned: [] }));

Deno.test("shareOut() gives every partition to one member, as evenly as can be, whatever they had", pure, () => {
  const anyMembers = fc.uniqueArray(
    fc.record({ memberId: fc.string({ minLength: 1, maxLength: 3 }), owned: fc.array(fc.nat(14), { maxLength: 15 }) }),
    { minLength: 1, maxLength: 6, selector: ({ memberId }) => memberId },
  );
  fc.assert(fc.property(fc.nat(14), anyMembers, (count, members) => {
    const shares = shareOut(range(count), members);
    assert.deepEqual([...shares.values()].flat().sort((a, b) => a - b), range(count));
    const sizes = [...shares.values()].map(({ length }) => length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
    assert.deepEqual(shareOut(range(count), members.toReversed()), shares, "members come in any order");
  }));
});

Deno.test("shareOut() moves no more than it must when a member joins, leaves or partitions are added", pure, () => {
  const two = newMembers("a", "b");
  const before = joined(shareOut(range(12), two), two);
  const three = [...before, ...newMembers("c")];
  const after = shareOut(range(12), three);
  for (const { memberId, owned } of before) {
    assert.ok(after.get(memberId)!.every((partition) => owned.includes(partition)), "nobody gets what another keeps");
  }
  const left = joined(after, three).filter(({ memberId }) => memberId !== "b");
  const healed = shareOut(range(12), left);
  for (const { memberId, owned } of left) {
    assert.ok(owned.every((partition) => healed.get(memberId)!.includes(partition)), "nobody loses what it had");
  }
  const grown = shareOut(range(13), joined(healed, left));
  const moved = left.flatMap(({ memberId }) =>
    healed.get(memberId)!.filter((partition) => !grown.get(memberId)!.includes(partition))
  );
  assert.deepEqual(moved, []);
});

Deno.test("shareOut() leaves members without a partition where there are fewer", pure, () => {
  const shares = shareOut(range(3), newMembers("a", "b", "c", "d", "e"));
  assert.deepEqual([...shares.values()].map(({ length }) => length), [1, 1, 1, 0, 0]);
});
