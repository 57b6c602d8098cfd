import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { type FetchBounds, type FetchedRecord, RecordBatch, recordGroups } from "../../../lib/kafka/record_batch.ts";
import { LEFT_OUT_HEADER } from "../../../lib/topics.ts";

interface Given {
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: [string, Uint8Array | null][];
  timestampDelta: number;
}

const FIRST_TIME = 1_700_000_000_000;
const GOOD: Given = { key: Buffer.from("k"), value: Buffer.from("v"), headers: [], timestampDelta: 0 };

function zigzag(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push(rest % 128 | 0x80);
  return Buffer.from([...bytes, rest]);
}

function nullable(bytes: Uint8Array | null): Buffer {
  return bytes === null ? zigzag(-1) : Buffer.concat([zigzag(bytes.length), bytes]);
}

function record({ key, value, headers, timestampDelta }: Given, index: number): Buffer {
  const pieces = headers.flatMap(([name, header]) => [nullable(Buffer.from(name)), nullable(header)]);
  const delta = [zigzag(timestampDelta), zigzag(index)];
  const body = Buffer.concat([
    Buffer.from([0]),
    ...delta,
    nullable(key),
    nullable(value),
    zigzag(headers.length),
    ...pieces,
  ]);
  return Buffer.concat([zigzag(body.length), body]);
}

/** A batch of format 2 as a broker gives it out. */
function batch(records: Buffer, count: number, attributes = 0, firstOffset = 100n): Buffer {
  const header = Buffer.alloc(61);
  header.writeBigInt64BE(firstOffset, 0);
  header.writeInt32BE(61 - 12 + records.length, 8);
  header[16] = 2;
  header.writeInt16BE(attributes, 21);
  header.writeInt32BE(count - 1, 23);
  header.writeBigInt64BE(BigInt(FIRST_TIME), 27);
  header.writeBigInt64BE(BigInt(FIRST_TIME + 5), 35);
  header.writeBigInt64BE(7n, 43);
  header.writeInt32BE(count, 57);
  return Buffer.concat([header, records]);
}

const batchOf = (given: Given[], attributes = 0) => batch(Buffer.concat(given.map(record)), given.length, attributes);

const bounds = (given: Partial<FetchBounds> = {}): FetchBounds => (
  { topic: "orders", partition: 1, ofDeadLetters: false, left: { bytes: 1 << 20 }, ...given }
);

function readBatch(bytes: Buffer): { batch: RecordBatch; messages: FetchedRecord[] } {
  const [batch] = RecordBatch.readAll(bytes, bounds());
  return { batch, messages: batch.records() };
}

const anyBytes = fc.option(fc.uint8Array({ maxLength: 20 }));
const anyRecord: fc.Arbitrary<Given> = fc.record({
  key: anyBytes,
  value: anyBytes,
  headers: fc.uniqueArray(fc.tuple(fc.string({ maxLength: 5 }), fc.uint8Array({ maxLength: 20 })), {
    selector: ([name]) => name,
    maxLength: 4,
  }),
  timestampDelta: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
});

Deno.test("readBatch() gives back any records, compressed or not", () => {
  fc.assert(fc.property(fc.array(anyRecord, { maxLength: 5 }), fc.boolean(), (given, compressed) => {
    const records = Buffer.concat(given.map(record));
    const bytes = compressed ? batch(gzipSync(records), given.length, 1) : batch(records, given.length);
    const { messages } = readBatch(bytes);
    const read = messages.map(({ key, value, headers, timestamp, offset }) => ({
      key: key && [...key],
      value: value && [...value],
      headers: Object.entries(headers).map(([name, header]) => [name, header && [...(header as Buffer)]]).sort(),
      timestamp,
      offset,
    }));
    assert.deepEqual(
      read,
      given.map(({ key, value, headers, timestampDelta }, index) => ({
        key: key && [...key],
        value: value && [...value],
        headers: headers.map(([name, header]) => [name, header && [...header]]).sort(),
        timestamp: FIRST_TIME + timestampDelta,
        offset: 100 + index,
      })),
    );
  }));
});

Deno.test("readBatch() tells transactions, markers and the broker's own time", () => {
  const plain = readBatch(batchOf([GOOD])).batch;
  assert.deepEqual([plain.batchContext, plain.isControlRecord], [{ producerId: "7", inTransaction: false }, false]);
  const marker = readBatch(batchOf([GOOD], 0x10 | 0x20)).batch;
  assert.deepEqual([marker.batchContext.inTransaction, marker.isControlRecord], [true, true]);
  const { messages: [appended] } = readBatch(batchOf([GOOD], 0x08));
  assert.deepEqual([appended.timestamp, appended.value], [FIRST_TIME + 5, GOOD.value]);
});

Deno.test("readBatch() keeps a repeated header as a list, and __proto__ as a name like any other", () => {
  const headers: Given["headers"] = [["a", Buffer.from("1")], ["__proto__", Buffer.from("2")], ["a", Buffer.from("3")]];
  const [message] = readBatch(batchOf([{ ...GOOD, headers }])).messages;
  assert.deepEqual(Object.keys(message.headers), ["a", "__proto__"]);
  assert.deepEqual(message.headers.a, [Buffer.from("1"), Buffer.from("3")]);
});

Deno.test("readBatch() keeps 10,000 headers of a record and says how many it left out", () => {
  const headers = Array.from({ length: 10_003 }, (_, index): Given["headers"][number] => [`h${index}`, null]);
  const { messages: [cut, after] } = readBatch(batchOf([{ ...GOOD, headers }, GOOD]));
  assert.equal(Object.keys(cut.headers).length, 10_001);
  assert.equal(String(cut.headers[LEFT_OUT_HEADER]), "3");
  assert.deepEqual(after.value, GOOD.value);
});

Deno.test("readBatch() takes the smallest records that 1 MiB holds, and refuses many more with 65 and what to do", () => {
  const smallest = record({ key: null, value: null, headers: [], timestampDelta: 0 }, 0);
  const fit = Math.floor((1 << 20) / smallest.length);
  const many = (count: number) => batch(Buffer.alloc(count * smallest.length, smallest), count);
  assert.equal(readBatch(many(fit)).messages.length, fit);
  assert.throws(() => readBatch(many(200_001)), {
    exit: 65,
    message:
      "Cannot read the batch of offsets 100 to 200100 in partition 1 of orders: it has 200001 records, more than " +
      "200000. To go on without it: deno task consume --reset --reset-to 200101 --partitions 1",
  });
});

Deno.test("readBatch() keeps 100,000 headers of a batch, the smallest ones that 1 MiB holds or more", () => {
  const headers = Array.from({ length: 9_000 }, (_, index): Given["headers"][number] => [String(index), null]);
  const one = record({ ...GOOD, headers }, 0);
  const { messages } = readBatch(batch(Buffer.alloc(60 * one.length, one), 60));
  const kept = messages.map((message) => Object.keys(message.headers).length);
  assert.deepEqual(kept.slice(0, 13), [...Array(11).fill(9_000), 1_001, 1]);
  assert.equal(String(messages[59].headers[LEFT_OUT_HEADER]), "9000");
});

Deno.test("RecordBatch.readAll() leaves what is cut off, and what there is no memory for, to the next fetch", () => {
  const [first, second] = [batchOf([GOOD, GOOD]), batch(gzipSync(record(GOOD, 0)), 1, 1, 102n)];
  const offsets = (bytes: Buffer, left = 1 << 20) =>
    RecordBatch.readAll(bytes, bounds({ left: { bytes: left } })).map(({ offset }) => offset);
  assert.deepEqual(offsets(Buffer.concat([first, second])), ["101", "102"]);
  assert.deepEqual(offsets(Buffer.concat([first, second]).subarray(0, -1)), ["101"]);
  assert.deepEqual(offsets(first.subarray(0, 20)), []);
  assert.deepEqual(offsets(Buffer.concat([second, second, first]), 1), ["102"], "the first one in any case");
  assert.deepEqual(offsets(Buffer.concat([second, second, first]), 0), []);
});

Deno.test("RecordBatch.readAll() reads what lies before a batch that it cannot read, and names that one only then", () => {
  const bad = batch(Buffer.from("no gzip"), 3, 1, 102n);
  assert.equal(RecordBatch.readAll(Buffer.concat([batchOf([GOOD, GOOD]), bad]), bounds()).length, 1);
  assert.throws(() => RecordBatch.readAll(bad, bounds()), {
    exit: 65,
    message: /offsets 102 to 104 .* --reset-to 105/,
  });
});

Deno.test("RecordBatch.readAll() names another format than 2", () => {
  const old = batchOf([GOOD]);
  old[16] = 1;
  assert.throws(() => readBatch(old), { exit: 65, message: /records of format 1/ });
});

Deno.test("recordGroups() hands out at most 5,000 records at a time, from an offset on", () => {
  const twice = Array.from({ length: 2 }, (_, index) => {
    const records = Array.from({ length: 4_000 }, (_, delta) => record(GOOD, delta));
    return RecordBatch.readAll(batch(Buffer.concat(records), 4_000, 0, BigInt(4_000 * index)), bounds());
  });
  const groups = [...recordGroups({ messages: twice.flat() }, 10)];
  assert.deepEqual(
    groups.map(({ records, isLast }) => [records[0].offset, records.at(-1)!.offset, isLast]),
    [[10, 5_009, false], [5_010, 7_999, true]],
  );
  assert.deepEqual([...recordGroups({ messages: [] }, 0)], [{ records: [], isLast: true }]);
});
