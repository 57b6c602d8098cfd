import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import Batch from "kafkajs/src/consumer/batch.js";
import { type AbortedTransaction, passOverAborted } from "../../../../lib/kafka/protocol/aborted_transactions.ts";
import { fetchedBatches } from "../../../../lib/kafka/consume/fetched_batch.ts";
import { RecordBatch, recordGroups } from "../../../../lib/kafka/protocol/record_batch.ts";
import { batchOf, bounds, emptied, GOOD } from "../../../support/batch_bytes.ts";

const TRANSACTION = 0x10;
const MARKER = 0x10 | 0x20;

const data = (producerId: number, firstOffset: number) =>
  batchOf([GOOD], { producerId, firstOffset, attributes: TRANSACTION });
const marker = (producerId: number, firstOffset: number, ends: "abort" | "commit" = "abort") =>
  batchOf([{ ...GOOD, key: Buffer.from([0, 0, 0, ends === "abort" ? 0 : 1]) }], {
    producerId,
    firstOffset,
    attributes: MARKER,
  });
const emptyMarker = (producerId: number, firstOffset: number) =>
  emptied(1, { producerId, firstOffset, attributes: MARKER });
const aborted = (producerId: number, firstOffset: number) => ({ producerId: String(producerId), firstOffset });

/** What kafkajs hands out of a fetch from `fetchedOffset` on. */
function handedOut(bytes: Buffer[], transactions: AbortedTransaction[], fetchedOffset = 0) {
  const messages = RecordBatch.readAll(Buffer.concat(bytes), bounds());
  passOverAborted(messages, transactions);
  return new Batch("orders", String(fetchedOffset), { partition: 1, highWatermark: "1000", messages });
}

function offsetsOf(...given: Parameters<typeof handedOut>): number[] {
  const groups = recordGroups(handedOut(...given), given[2] ?? 0);
  return [...groups].flatMap(({ records }) => Array.from(records, ({ offset }) => offset));
}

Deno.test("what an aborted transaction sent is passed over, and what its producer sent before and after is read", () => {
  const log = [data(1, 0), marker(1, 1, "commit"), data(1, 2), data(2, 3), marker(1, 4), data(1, 5), batchOf([GOOD])];
  assert.deepEqual(offsetsOf(log, [aborted(1, 2)]), [0, 3, 5, 100]);
  assert.deepEqual(offsetsOf(log, []), [0, 2, 3, 5, 100]);
});

Deno.test("a marker that compaction left empty ends its transaction like any other", () => {
  const log = [data(1, 0), emptyMarker(1, 1), data(1, 2), emptyMarker(2, 3), data(2, 4), marker(2, 5), data(3, 6)];
  assert.deepEqual(offsetsOf(log, [aborted(1, 0), aborted(2, 4)]), [2, 6]);
});

Deno.test("of several aborted transactions that begin before a fetch none is handed out", () => {
  const log = [data(2, 10), data(1, 11), marker(1, 12), marker(2, 13), data(2, 14)];
  assert.deepEqual(offsetsOf(log, [aborted(1, 0), aborted(2, 1)], 10), [14]);
  assert.deepEqual(offsetsOf(log, [aborted(2, 1), aborted(1, 0)], 10), [14], "in whatever order they are named");
});

Deno.test("a fetch of nothing but batches without records moves on behind them", () => {
  const markers = handedOut([emptyMarker(1, 0), emptyMarker(2, 1)], [aborted(1, 0)]);
  assert.deepEqual([markers.messages.length, markers.isEmptyDueToFiltering(), markers.lastOffset()], [0, true, "1"]);
  const both = handedOut([emptied(3, { firstOffset: 0 }), emptyMarker(1, 3)], []);
  const pieces = [...fetchedBatches(both, Infinity)].map(({ from, to, records }) => ({
    from,
    to,
    records: [...records],
  }));
  assert.deepEqual(pieces, [{ from: 0, to: 4, records: [] }]);
});

Deno.test("fetchedBatches() hands out nothing where no record is wanted any more", () => {
  assert.deepEqual([...fetchedBatches(handedOut([data(1, 0)], []), 0)], []);
});

Deno.test("fetchedBatches() counts empty batches behind the last record as read with it, but not those behind a limit", () => {
  const log = [data(1, 0), emptied(2, { firstOffset: 1 }), data(1, 3), emptied(2, { firstOffset: 4 })];
  const ends = (most: number) => [...fetchedBatches(handedOut(log, []), most)].map(({ to }) => to);
  assert.deepEqual([ends(1), ends(2), ends(3)], [[1], [6], [6]]);
});

Deno.test("fetchedBatches() cuts a fetch into batches of as many records as are wanted, which follow on one another", () => {
  const log = [data(1, 0), data(1, 1), data(1, 3), data(1, 4), data(1, 7)];
  const cut = [...fetchedBatches(handedOut(log, []), Infinity, 2)];
  assert.deepEqual(cut.map(({ from, to }) => [from, to]), [[0, 2], [2, 5], [5, 8]]);
  assert.deepEqual(cut.flatMap(({ records }) => Array.from(records, ({ offset }) => offset)), [0, 1, 3, 4, 7]);
});
