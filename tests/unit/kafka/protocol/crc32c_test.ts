import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import byteByByte from "kafkajs/src/protocol/recordBatch/crc32C/index.js";
import { crc32C } from "../../../../lib/kafka/protocol/crc32c.ts";

Deno.test("crc32C() is that of RFC 3720, appendix B.4", { permissions: "none" }, () => {
  assert.equal(crc32C(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32C(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32C(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
});

Deno.test("crc32C() is what kafkajs makes of any bytes, wherever they lie", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(20), (bytes, before) => {
    const part = Buffer.concat([Buffer.alloc(before, 0x78), bytes, Buffer.from("rest")]).subarray(before, -4);
    assert.equal(crc32C(part), byteByByte(part));
  }));
});
