import assert from "node:assert/strict";
import fc from "fast-check";
import { sealLines, unsealLine } from "../../../../lib/files/log/sealed_line.ts";
import { sealLine } from "../../../support/seal_line.ts";

const pure = { permissions: "none" } as const;
const bytes = (text: string) => new TextEncoder().encode(text);
const RECORD = { seq: 7, order_id: "é\u0000\n\ud800", item: '"},"crc":"00000000"}', deep: { a: [1, null] } };

Deno.test("unsealLine() gives back what sealLines() sealed", pure, () => {
  const anyRecord = fc.dictionary(fc.string({ minLength: 1 }).filter((key) => key !== "__proto__"), fc.jsonValue(), {
    minKeys: 1,
  });
  fc.assert(fc.property(anyRecord, (record) => {
    const line = sealLine(record);
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.deepEqual(unsealLine(bytes(line.slice(0, -1))), JSON.parse(JSON.stringify(record)));
  }));
});

Deno.test("sealLines() writes plain JSON whose last field is the checksum", pure, () => {
  assert.equal(sealLine({ a: 1 }), '{"a":1,"crc":"a702fc6e"}\n'); // zlib.crc32(b'{"a":1') in Python
  assert.deepEqual(Object.keys(JSON.parse(sealLine(RECORD))), ["seq", "order_id", "item", "deep", "crc"]);
});

Deno.test("unsealLine() notices every flipped bit", pure, () => {
  const line = bytes(sealLine(RECORD).slice(0, -1));
  for (let at = 0; at < line.length; at++) {
    for (let bit = 1; bit < 256; bit <<= 1) {
      line[at] ^= bit;
      assert.equal(unsealLine(line), undefined, `byte ${at}, bit ${bit}`);
      line[at] ^= bit;
    }
  }
  assert.ok(unsealLine(line));
});

Deno.test("unsealLine() notices a line cut short, zeroed, doubled or with something around it", pure, () => {
  const line = sealLine(RECORD).slice(0, -1);
  for (let length = 0; length < line.length; length++) {
    assert.equal(unsealLine(bytes(line.slice(0, length))), undefined, `cut to ${length}`);
    assert.equal(unsealLine(bytes("\0".repeat(length + 1) + line.slice(length + 1))), undefined, `zeroed to ${length}`);
    assert.equal(
      unsealLine(bytes(line.slice(0, length) + "\0".repeat(line.length - length))),
      undefined,
      "zeroed tail",
    );
  }
  for (const other of [line + line, ` ${line}`, `${line} `, `${line}\r`, "\0".repeat(200), "{}"]) {
    assert.equal(unsealLine(bytes(other)), undefined);
  }
});

Deno.test("sealLines() says where each line starts, whatever its characters", pure, () => {
  const records = [{ a: "é" }, { a: "\n\u2028" }, { a: "plain" }];
  const { bytes: all, starts } = sealLines(records);
  assert.deepEqual(starts.length, records.length);
  for (const [index, record] of records.entries()) {
    const line = all.subarray(starts[index], (starts[index + 1] ?? all.length) - 1);
    assert.deepEqual(unsealLine(line), record);
  }
  assert.deepEqual(sealLines([]), { bytes: new Uint8Array(0), starts: [] });
});
