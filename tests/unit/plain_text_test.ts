import assert from "node:assert/strict";
import fc from "fast-check";
import { copyPlain } from "../../lib/plain_text.ts";

const anyByte = fc.oneof(
  fc.nat(255),
  fc.integer({ min: 0x20, max: 0x7e }),
  fc.constantFrom(0x1f, 0x7f, 0x22, 0x5c, 0x80),
);
const plainByte = fc.integer({ min: 0x20, max: 0x7e }).filter((byte) => byte !== 0x22 && byte !== 0x5c);

Deno.test(
  "copyPlain() copies any bytes, and says which are printable ASCII without quotes",
  { permissions: "none" },
  () => {
    const bytes = fc.oneof(fc.array(plainByte, { maxLength: 50 }), fc.array(anyByte, { maxLength: 12 }));
    fc.assert(
      fc.property(bytes, fc.nat(5), fc.nat(5), (bytes, from, at) => {
        const source = Uint8Array.from([...Array(from).fill(0xff), ...bytes, 0xff, 0xff]);
        const target = new Uint8Array(at + bytes.length + 3).fill(1);
        const isPlain = copyPlain(
          new DataView(source.buffer),
          from,
          from + bytes.length,
          new DataView(target.buffer),
          at,
        );
        assert.deepEqual([...target], [...Array(at).fill(1), ...bytes, 1, 1, 1]);
        assert.equal(isPlain, /^[ !#-[\]-~]*$/.test(String.fromCharCode(...bytes)));
      }),
      { numRuns: 5_000 },
    );
  },
);

Deno.test("copyPlain() finds each byte that is not plain, wherever it stands", { permissions: "none" }, () => {
  for (let byte = 0; byte < 256; byte++) {
    for (let place = 0; place < 9; place++) {
      const source = new Uint8Array(9).fill(0x61);
      source[place] = byte;
      const isPlain = copyPlain(new DataView(source.buffer), 0, 9, new DataView(new ArrayBuffer(9)), 0);
      assert.equal(isPlain, byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c, `${byte} at ${place}`);
    }
  }
});
