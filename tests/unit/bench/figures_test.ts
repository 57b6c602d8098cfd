import assert from "node:assert/strict";
import { parseConsume, parseSend, parseTimes, parseVerify } from "../../../bench/our_output.ts";
import {
  parseConsumerPerformance,
  parseEndToEndLatency,
  parseProducerPerformance,
  parseStreams,
} from "../../../bench/peer_output.ts";
import { median, percentile } from "../../../bench/statistics.ts";
import { resultOf } from "../../../bench/work.ts";

const pure = { permissions: "none" } as const;

// Lines of Kafka 4.3.1's own tools, as they print them.
const CONSUMER =
  `start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec
2026-11-25 06:03:45:476, 2026-11-25 06:03:48:390, 62.9450, 21.6009, 1000000, 343170.8991, 1456, 1458, 43.1722, 685871.0562
`;
const PRODUCER = `287711 records sent, 57530.7 records/sec (3.40 MB/sec), 140.1 ms avg latency, 500.0 ms max latency.
600000 records sent, 71275.837491 records/sec (4.21 MB/sec), 147.88 ms avg latency, 1142.00 ms max latency, 79 ms 50th, 442 ms 95th, 500 ms 99th, 611 ms 99.9th.
`;

Deno.test("parseConsumerPerformance() finds its columns by their names", pure, () => {
  assert.deepEqual(parseConsumerPerformance(CONSUMER), {
    records: 1_000_000,
    recordsPerSecond: 343_170.8991,
    fetchRecordsPerSecond: 685_871.0562,
  });
  assert.throws(() => parseConsumerPerformance("no brokers"), /Cannot find .* no brokers/);
});

Deno.test("parseProducerPerformance() takes the line of the whole run", pure, () => {
  assert.deepEqual(parseProducerPerformance(PRODUCER), { records: 600_000, recordsPerSecond: 71_275.837491 });
  assert.throws(() => parseProducerPerformance(""), /Cannot find records/);
});

Deno.test("parseEndToEndLatency() takes the percentiles", pure, () => {
  const output = "Avg latency: 3.2 ms\n\nPercentiles: 50th = 2, 99th = 9, 99.9th = 31\n";
  assert.deepEqual(parseEndToEndLatency(output), { p50: 2, p99: 9 });
});

Deno.test("parseStreams() wants all figures", pure, () => {
  const output = '{"orders":9,"accepted":5,"judged_seconds":0.5,"committed_seconds":0.6,"verdicts":{"accepted":5}}\n';
  assert.deepEqual(parseStreams(output), { orders: 9, accepted: 5, judgedSeconds: 0.5, committedSeconds: 0.6 });
  assert.throws(() => parseStreams('{"orders":9}'), /Cannot find accepted of Kafka Streams/);
});

Deno.test("parseConsume() and parseSend() read our own summaries", pure, () => {
  const summary = "100 orders: 66 accepted, 34 rejected (34 unpaid-user) in 0.7 s (137 orders/s)\n";
  assert.deepEqual(parseConsume(summary), { orders: 100, accepted: 66, ordersPerSecond: 137 });
  assert.equal(parseSend('{"sent":5,"seconds":1,"orders_per_second":5}').orders_per_second, 5);
  assert.throws(() => parseConsume("error: Cannot reach Kafka"), /Cannot find the summary/);
});

Deno.test("parseVerify() and parseTimes() read a check of the log and a script's times", pure, () => {
  assert.equal(parseVerify('{"ok":true,"accepted":7}'), 7);
  assert.throws(() => parseVerify('{"ok":false,"accepted":7,"faults":["lost"]}'), /verify found faults.*lost/);
  assert.equal(parseTimes("open 30 ms, close 5.25 ms", "close"), 5.25);
  assert.throws(() => parseTimes("open 30 ms", "close"), /Cannot find the time of close in open 30 ms/);
});

Deno.test("resultOf() compares round by round, and takes the middle", pure, () => {
  const samples = [{ ours: 50, peer: 100 }, { ours: 10, peer: 100 }, { ours: 90, peer: 100 }];
  const { ratio, met } = resultOf(samples, { bound: "at least", times: 0.5 });
  assert.deepEqual([ratio, met], [{ median: 0.5, min: 0.1, max: 0.9 }, true]);
  assert.equal(resultOf(samples, { bound: "at least", times: 0.6 }).met, false);
  assert.equal(resultOf([{ ours: 3_000, peer: 900 }], { bound: "at most", times: 2, plus: 1_000 }).met, false);
  assert.equal(resultOf([{ ours: 2_700, peer: 900 }], { bound: "at most", times: 2, plus: 1_000 }).met, true);
});

Deno.test("median() and percentile() of few values", pure, () => {
  assert.deepEqual([median([3, 1, 2]), median([4, 1, 2, 3])], [2, 2.5]);
  assert.equal(percentile(Array.from({ length: 100 }, (_, index) => 100 - index), 0.99), 100);
});
