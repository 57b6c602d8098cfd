import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { MAX_SHA1_BYTES, sha1 } from "../../lib/sha1.ts";

Deno.test("sha1() is SHA-1 of any message that fits, whatever was in the block", { permissions: "none" }, () => {
  const digest = new DataView(new ArrayBuffer(20));
  fc.assert(fc.property(fc.uint8Array({ maxLength: MAX_SHA1_BYTES }), fc.integer({ max: 255 }), (message, before) => {
    const block = new Uint8Array(64).fill(before);
    block.set(message);
    sha1(new DataView(block.buffer), message.length, digest);
    assert.equal(new Uint8Array(digest.buffer).toHex(), createHash("sha1").update(message).digest("hex"));
  }));
});
