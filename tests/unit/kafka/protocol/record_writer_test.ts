import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { Header } from "../../../../lib/header.ts";
import { RecordBatch } from "../../../../lib/kafka/protocol/record_batch.ts";
import { type OutgoingRecord, recordSize, writeRecordBatch } from "../../../../lib/kafka/protocol/record_writer.ts";
import { bounds } from "../../../support/batch_bytes.ts";

const pure = { permissions: "none" } as const;
const WRITER = { producerId: "4000000000", producerEpoch: 3, sequence: 2 ** 31 - 1, timestamp: 1_700_000_000_000 };

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const anyName = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("1", "__proto__", Buffer.from([0xff])));
const anyValue = fc.option(anyBytes);
const anyHeader: fc.Arbitrary<Header> = fc.tuple(anyName, anyValue);
const anyRecord: fc.Arbitrary<OutgoingRecord> = fc.record({
  key: fc.option(anyBytes),
  value: anyBytes,
  headers: fc.array(anyHeader, { maxLength: 5 }),
  timestamp: fc.option(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), { nil: undefined }),
});

const TEXT = "order-1 \u00e9\ud83d\ude00";

function withHeader(record: OutgoingRecord, value: string | Buffer): OutgoingRecord {
  return { ...record, headers: [...record.headers, ["text", value]] };
}

Deno.test("writeRecordBatch() writes what RecordBatch reads", pure, () => {
  fc.assert(fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 200 }), fc.boolean(), (records, compressed) => {
    // A text may stand for its bytes.
    const [texts, buffers] = [TEXT, Buffer.from(TEXT)].map((text) => records.map((one) => withHeader(one, text)));
    assert.deepEqual(writeRecordBatch(texts, WRITER), writeRecordBatch(buffers, WRITER));
    const bytes = writeRecordBatch(records, { ...WRITER, compressed });
    const [batch, ...others] = RecordBatch.readAll(bytes, bounds());
    assert.equal(others.length, 0);
    assert.deepEqual([batch.producerId, batch.inTransaction], ["4000000000", false]);
    const expected = records.map((record, offset) => ({
      ...record,
      offset,
      timestamp: record.timestamp ?? WRITER.timestamp,
    }));
    const read = batch.records().map((record) => ({ ...record, key: record.key }));
    assert.deepEqual(read, expected);
  }));
});

Deno.test("recordSize() is never below what a record takes", pure, () => {
  fc.assert(fc.property(anyRecord, (record) => {
    const [one, two] = [[record], [record, record]].map((records) => writeRecordBatch(records, WRITER).length);
    assert.ok(two - one <= recordSize(record));
  }));
});

Deno.test("writeRecordBatch() writes the bytes that Kafka's own producer would", pure, () => {
  const records = [{ key: Buffer.from("k"), value: Buffer.from("v"), headers: [["h", Buffer.from("x")] as const] }];
  const bytes = writeRecordBatch(records, { producerId: "7", producerEpoch: 0, sequence: 5, timestamp: 1 });
  // Offset, length, leader epoch, format; then the checksum over the rest.
  assert.equal(bytes.subarray(0, 17).toString("hex"), "00000000000000000000003e" + "ffffffff" + "02");
  const rest = "0000" + "00000000" + "0000000000000001".repeat(2) + "0000000000000007" + "0000" + "00000005" +
    "00000001";
  assert.equal(bytes.subarray(21).toString("hex"), rest + "18000000" + "026b" + "0276" + "02" + "0268" + "0278");
});
