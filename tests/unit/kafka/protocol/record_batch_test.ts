import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { type FetchedRecord, FetchedRecords } from "../../../../lib/kafka/protocol/fetched_records.ts";
import { RecordBatch, recordGroups } from "../../../../lib/kafka/protocol/record_batch.ts";
import { LEFT_OUT_HEADER } from "../../../../lib/topics.ts";
import { batch, batchOf, bounds, emptied, FIRST_TIME, type Given, GOOD, record } from "../../../support/batch_bytes.ts";

function readBatch(bytes: Buffer): { batch: RecordBatch; messages: FetchedRecord[] } {
  const [batch] = RecordBatch.readAll(bytes, bounds());
  return { batch, messages: batch.records() };
}

const anyBytes = fc.option(fc.uint8Array({ maxLength: 20 }));
/** Few of them, so that some repeat; what is not UTF-8 and a byte order mark among them. */
const anyName = fc.constantFrom("a", "2", "1", "__proto__", "\ufeffa", "", "é", Buffer.from([0xff]));
const anyRecord: fc.Arbitrary<Given> = fc.record({
  key: anyBytes,
  value: anyBytes,
  headers: fc.array(fc.tuple(anyName, anyBytes), { maxLength: 4 }),
  timestampDelta: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
});

const bytesOf = (name: string | Uint8Array) => [...Buffer.from(name as string)];

Deno.test("readBatch() gives back any records to the byte, headers in their order, compressed or not", () => {
  fc.assert(fc.property(fc.array(anyRecord, { maxLength: 5 }), fc.boolean(), (given, compressed) => {
    const records = Buffer.concat(given.map(record));
    const bytes = compressed ? batch(gzipSync(records), given.length, { attributes: 1 }) : batch(records, given.length);
    const { messages } = readBatch(bytes);
    const read = messages.map(({ key, value, headers, timestamp, offset }) => ({
      key: key && [...key],
      value: value && [...value],
      headers: headers.map(([name, header]) => [bytesOf(name), header && [...header]]),
      timestamp,
      offset,
    }));
    assert.deepEqual(
      read,
      given.map(({ key, value, headers, timestampDelta }, index) => ({
        key: key && [...key],
        value: value && [...value],
        headers: headers.map(([name, header]) => [bytesOf(name), header && [...header]]),
        timestamp: FIRST_TIME + timestampDelta,
        offset: 100 + index,
      })),
    );
  }));
});

Deno.test("readBatch() tells transactions, markers and the broker's own time", () => {
  const facts = ({ producerId, inTransaction, isMarker, isControlRecord }: RecordBatch) => (
    { producerId, inTransaction, isMarker, isControlRecord }
  );
  assert.deepEqual(facts(readBatch(batchOf([GOOD])).batch), {
    producerId: "7",
    inTransaction: false,
    isMarker: false,
    isControlRecord: false,
  });
  assert.deepEqual(facts(readBatch(batchOf([GOOD], { attributes: 0x10 | 0x20 })).batch), {
    producerId: "7",
    inTransaction: true,
    isMarker: true,
    isControlRecord: true,
  });
  const { messages: [appended] } = readBatch(batchOf([GOOD], { attributes: 0x08 }));
  assert.deepEqual([appended.timestamp, appended.value], [FIRST_TIME + 5, GOOD.value]);
});

Deno.test("readBatch() reads a batch that compaction left empty, whatever it says of a codec", () => {
  for (const attributes of [0, 1, 0x10, 0x10 | 0x20]) {
    const { batch: read, messages } = readBatch(emptied(3, { attributes }));
    assert.deepEqual([read.offset, messages], ["102", []]);
  }
});

Deno.test("readBatch() keeps 10,000 headers of a record and says how many it left out", () => {
  const headers = Array.from({ length: 10_003 }, (_, index): Given["headers"][number] => [`h${index}`, null]);
  const { messages: [cut, after] } = readBatch(batchOf([{ ...GOOD, headers }, GOOD]));
  assert.equal(cut.headers.length, 10_001);
  assert.deepEqual(cut.headers.at(-1), [LEFT_OUT_HEADER, Buffer.from("3")]);
  assert.deepEqual(after.value, GOOD.value);
  const [deadLetter] = RecordBatch.readAll(batchOf([{ ...GOOD, headers }]), bounds({ ofDeadLetters: true }));
  assert.equal(deadLetter.records()[0].headers.length, 10_003, "there is room for what the dead letter adds");
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
  const kept = messages.map((message) => message.headers.length);
  assert.deepEqual(kept.slice(0, 13), [...Array(11).fill(9_000), 1_001, 1]);
  assert.deepEqual(messages[59].headers, [[LEFT_OUT_HEADER, Buffer.from("9000")]]);
});

Deno.test("RecordBatch.readAll() leaves what is cut off, and what there is no memory for, to the next fetch", () => {
  const [first, second] = [
    batchOf([GOOD, GOOD]),
    batch(gzipSync(record(GOOD, 0)), 1, { attributes: 1, firstOffset: 102 }),
  ];
  const offsets = (bytes: Buffer, left = 1 << 20) =>
    RecordBatch.readAll(bytes, bounds({ left: { bytes: left } })).map(({ offset }) => offset);
  assert.deepEqual(offsets(Buffer.concat([first, second])), ["101", "102"]);
  assert.deepEqual(offsets(Buffer.concat([first, second]).subarray(0, -1)), ["101"]);
  assert.deepEqual(offsets(first.subarray(0, 20)), []);
  assert.deepEqual(offsets(Buffer.concat([second, second, first]), 1), ["102"], "the first one in any case");
  assert.deepEqual(offsets(Buffer.concat([second, second, first]), 0), []);
});

Deno.test("RecordBatch.readAll() reads what lies before a batch that it cannot read, and names that one only then", () => {
  const bad = batch(Buffer.from("no gzip"), 3, { attributes: 1, firstOffset: 102 });
  assert.equal(RecordBatch.readAll(Buffer.concat([batchOf([GOOD, GOOD]), bad]), bounds()).length, 1);
  assert.throws(() => RecordBatch.readAll(bad, bounds()), {
    exit: 65,
    message: /offsets 102 to 104 .* --reset-to 105/,
  });
});

Deno.test("RecordBatch.readAll() passes over a batch that nobody wants, even one that it cannot read", () => {
  const bad = batch(Buffer.from("no gzip"), 3, { attributes: 1, firstOffset: 102 });
  const log = Buffer.concat([batchOf([GOOD, GOOD]), bad, batchOf([GOOD], { firstOffset: 105 })]);
  const asked: number[][] = [];
  const wants = (first: number, last: number) => {
    asked.push([first, last]);
    return last < 102 || first > 104;
  };
  const batches = RecordBatch.readAll(log, bounds({ wants }));
  assert.deepEqual(asked, [[100, 101], [102, 104], [105, 105]]);
  assert.deepEqual(batches.map((batch) => [batch.offset, batch.records().length]), [["101", 2], ["104", 0], [
    "105",
    1,
  ]]);
});

Deno.test("RecordBatch.readAll() names another format than 2", () => {
  const old = batchOf([GOOD]);
  old[16] = 1;
  assert.throws(() => readBatch(old), { exit: 65, message: /records of format 1/ });
});

Deno.test("a value that claims more bytes than its batch has ends with the batch", () => {
  const bytes = record(GOOD, 0);
  bytes[bytes.length - 3] = 0x7e; // its length, before the "v" and the number of headers
  const [cut] = RecordBatch.readAll(batch(bytes, 1), bounds());
  const records = new FetchedRecords(1);
  cut.reader(0).fill(records);
  assert.deepEqual([records.valueTo[0], records.at(0)?.value], [bytes.length, Buffer.from("v\0")]);
});

Deno.test("recordGroups() hands out at most 5,000 records at a time, from an offset on", () => {
  const twice = Array.from({ length: 2 }, (_, index) => {
    const records = Array.from({ length: 4_000 }, (_, delta) => record(GOOD, delta));
    return RecordBatch.readAll(batch(Buffer.concat(records), 4_000, { firstOffset: 4_000 * index }), bounds());
  });
  const groups = [...recordGroups({ messages: twice.flat() }, 10)];
  assert.deepEqual(
    groups.map(({ records, isLast }) => [records.offset[0], records.offset[records.length - 1], isLast]),
    [[10, 5_009, false], [5_010, 7_999, true]],
  );
  const [none, ...more] = recordGroups({ messages: [] }, 0);
  assert.deepEqual([none.records.length, none.isLast, more], [0, true, []]);
});
