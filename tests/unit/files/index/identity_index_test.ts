import assert from "node:assert/strict";
import fc from "fast-check";
import { IdentityIndex } from "../../../../lib/files/index/identity_index.ts";
import { newHashKey, sipHash } from "../../../../lib/sip_hash.ts";
import { columnsOf } from "../../../support/verdicts.ts";

const pure = { permissions: "none" } as const;
/** Slots of an index that never grew, in lib/files/index/identity_index.ts. */
const FIRST_SLOTS = 1 << 10;

Deno.test("IdentityIndex.find() answers undefined for what was never added", pure, () => {
  const index = new IdentityIndex();
  assert.equal(index.find("a"), undefined);
  index.add("a", 0);
  assert.equal(index.find("a"), 0);
  assert.equal(index.find("A"), undefined);
  assert.equal(index.find(""), undefined);
});

Deno.test("IdentityIndex.add() keeps the first place of an id", pure, () => {
  const index = new IdentityIndex();
  index.add("a", 5);
  index.add("a", 9);
  assert.deepEqual([index.find("a"), index.size], [5, 1]);
});

Deno.test("IdentityIndex keeps places beyond 2^32, as of a log of more than 4 GB", pure, () => {
  const index = new IdentityIndex();
  index.add("a", 2 ** 40 + 1);
  assert.equal(index.find("a"), 2 ** 40 + 1);
});

Deno.test("IdentityIndex answers as a Map does, whatever is added", pure, () => {
  const anyId = fc.oneof(
    fc.string(),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("__proto__", "", "e\u0301", "\u00e9"),
  );
  fc.assert(fc.property(fc.array(anyId), fc.array(anyId), (added, asked) => {
    const [index, model] = [new IdentityIndex(), new Map<string, number>()];
    for (const [place, id] of added.entries()) {
      index.add(id, place);
      if (!model.has(id)) model.set(id, place);
    }
    assert.equal(index.size, model.size);
    for (const id of [...added, ...asked]) assert.equal(index.find(id), model.get(id), id);
  }));
});

Deno.test("IdentityIndex keeps ids apart that want the same slot", pure, () => {
  const key = newHashKey();
  const slotOf = (id: string) => {
    const hash = new Uint32Array(4);
    sipHash(id, key, hash);
    return hash[0] % FIRST_SLOTS;
  };
  const [wanted, index] = [slotOf("0"), new IdentityIndex(key)];
  const rivals: string[] = [];
  for (let number = 0; rivals.length < 40; number++) {
    if (slotOf(String(number)) === wanted) rivals.push(String(number));
  }
  const stranger = rivals.pop()!;
  for (const [place, id] of rivals.entries()) index.add(id, place);
  for (const [place, id] of rivals.entries()) assert.equal(index.find(id), place);
  assert.equal(index.find(stranger), undefined);
});

Deno.test("IdentityIndex finds everything again after it grew, and over the border of a block", pure, () => {
  const index = new IdentityIndex();
  const count = (1 << 16) + 10_000;
  for (let number = 0; number < count; number++) index.add(`order-${number}`, number * 200);
  assert.equal(index.size, count);
  for (let number = 0; number < count; number++) {
    if (index.find(`order-${number}`) !== number * 200) assert.fail(`order-${number} is lost`);
  }
  assert.equal(index.find(`order-${count}`), undefined);
});

Deno.test("IdentityIndex finds and keeps the ids of a batch by their rows, though it grows meanwhile", pure, () => {
  const ids = Array.from({ length: 3 * FIRST_SLOTS }, (_, number) => `order-${number}`);
  const order = { user: "alice", item: "book", quantity: 1, created_at: 0 };
  const at = { topic: "orders", partition: 0, offset: 0 };
  const batch = columnsOf(ids.map((order_id) => ({ order: { order_id, ...order }, at })));
  const index = new IdentityIndex();
  for (const id of ids.slice(0, 500)) index.add(id, 1);
  index.lookUp(batch);
  for (const [row, id] of ids.entries()) assert.equal(index.placeOf(row), row < 500 ? 1 : undefined, id);
  for (const row of ids.keys()) index.addRow(row, 2);
  assert.equal(index.size, ids.length);
  for (const [row, id] of ids.entries()) {
    assert.equal(index.find(id), row < 500 ? 1 : 2, id);
    assert.equal(index.placeOf(row), index.find(id), id);
  }
});

Deno.test("IdentityIndex.note() counts after settle() as add() does, before, between and after others", pure, () => {
  const note = (index: IdentityIndex, id: string, place: number) => {
    const { buffer, byteLength } = new TextEncoder().encode(id);
    index.note({ bytes: new DataView(buffer), from: 0, to: byteLength }, place);
  };
  const anyIds = fc.uniqueArray(fc.string({ unit: "grapheme" }), { maxLength: 20 });
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 300 }), anyIds)), (steps) => {
    const [index, model] = [new IdentityIndex(), new Map<string, number>()];
    for (const [isNoted, many, few] of steps) {
      const ids = [...few, ...Array.from({ length: many }, () => `order-${model.size}-${crypto.randomUUID()}`)];
      for (const id of ids.filter((id) => !model.has(id))) {
        if (isNoted) note(index, id, model.size);
        else index.add(id, model.size);
        model.set(id, model.size);
      }
      index.settle();
    }
    assert.equal(index.size, model.size);
    for (const [id, place] of model) assert.equal(index.find(id), place);
    assert.equal(index.find("none of them"), undefined);
    const chunks = [...index.toBytes()].map((bytes) => bytes.slice());
    const copy = IdentityIndex.fromBytes(index.size, index.key, (into) => into.set(chunks.shift()!));
    for (const [id, place] of model) assert.equal(copy.find(id), place);
  }));
});

Deno.test("IdentityIndex.note() keeps the first place of an id that a damaged log has twice", pure, () => {
  const index = new IdentityIndex();
  const [bytes, from, to] = [new DataView(new TextEncoder().encode("a").buffer), 0, 1];
  for (const place of [5, 9]) index.note({ bytes, from, to }, place);
  index.settle();
  for (let number = 0; number < 2 * FIRST_SLOTS; number++) index.add(`order-${number}`, number);
  assert.equal(index.find("a"), 5);
});
