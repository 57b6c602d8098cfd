import assert from "node:assert/strict";
import fc from "fast-check";
import { newHashKey, sipHash, sipHashBytes } from "../../lib/sip_hash.ts";
import { isValidOrderId, MAX_ORDER_ID_LENGTH } from "../../lib/order.ts";

const pure = { permissions: "none" } as const;
/** Key and texts of the reference implementation's vectors (veorq/SipHash, vectors.h, SipHash-2-4-128). */
const KEY = new Uint32Array(Uint8Array.from({ length: 16 }, (_, index) => index).buffer);
const VECTORS: Record<number, string> = {
  0: "a3817f04ba25a8e66df67214c7550293",
  1: "da87c1d86b99af44347659119b22fc45",
  2: "8177228da4a45dc7fca38bdef60affe4",
  8: "3b62a9ba6258f5610f83e264f31497b4",
  15: "5493e99933b0a8117e08ec0f97cfc3d9",
};

function hashed(text: string, key = KEY): string {
  const out = new Uint32Array(4);
  sipHash(text, key, out);
  return new Uint8Array(out.buffer).toHex();
}

Deno.test("sipHash() is SipHash-2-4 with 128 bits", pure, () => {
  for (const [length, expected] of Object.entries(VECTORS)) {
    const text = String.fromCharCode(...Array.from({ length: Number(length) }, (_, index) => index));
    assert.equal(hashed(text), expected, `${length} bytes`);
  }
});

Deno.test("sipHash() tells texts apart by every character and by the key, whatever was hashed before", pure, () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 2_000 }), fc.string(), (text, other) => {
    const [once, another] = [hashed(text), hashed(other)];
    assert.equal(hashed(text), once);
    assert.equal(once === another, text.toWellFormed() === other.toWellFormed());
    assert.notEqual(hashed(text, newHashKey()), once);
  }));
});

const anyId = fc.oneof(
  fc.uuid(),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 256 }),
  fc.string({ unit: "binary", minLength: 1, maxLength: 256 }),
).map((id) => id.slice(0, MAX_ORDER_ID_LENGTH)).filter(isValidOrderId);

Deno.test("sipHashBytes() gives the hash that sipHash() gives for the same id, wherever its bytes lie", pure, () => {
  fc.assert(fc.property(anyId, fc.nat(9), fc.nat(9), fc.nat(3), (id, before, after, at) => {
    const encoded = new TextEncoder().encode(id);
    const bytes = new Uint8Array(before + encoded.length + after).fill(0xff);
    bytes.set(encoded, before);
    const [expected, actual] = [new Uint32Array(7), new Uint32Array(7)];
    sipHash(id, KEY, expected, at);
    sipHashBytes(new DataView(bytes.buffer), before, before + encoded.length, KEY, actual, at);
    assert.deepEqual(actual, expected);
  }));
});
