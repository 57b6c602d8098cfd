import assert from "node:assert/strict";
import { recordsOf } from "../../support/records.ts";
import { batchTracer, linksOf, MAX_LINKS } from "../../../lib/telemetry/traced_batches.ts";
import type { Header } from "../../../lib/header.ts";
import type { TopicRecord } from "../../../lib/ports.ts";

const none = { permissions: "none" } as const;
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

function record(...headers: [string, string][]): TopicRecord {
  const bytes = headers.map(([name, value]): Header => [name, new TextEncoder().encode(value)]);
  return { offset: 0, timestamp: 0, key: null, value: null, headers: bytes };
}
const sentBy = (traceparent: string) => record(["replay_of", "x"], ["traceparent", traceparent]);

Deno.test("linksOf() links each span that sent records once", none, () => {
  const other = `00-${TRACE}-${"1".repeat(16)}-00`;
  const links = linksOf([sentBy(`00-${TRACE}-${SPAN}-01`), record(), sentBy(`00-${TRACE}-${SPAN}-01`), sentBy(other)]);
  assert.deepEqual(links, [
    { context: { traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true } },
    { context: { traceId: TRACE, spanId: "1".repeat(16), traceFlags: 0, isRemote: true } },
  ]);
});

Deno.test("linksOf() ignores a traceparent that is none", none, () => {
  const bad = [
    "",
    "x",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `01-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01`.repeat(10_000),
  ];
  assert.deepEqual(linksOf(bad.map(sentBy)), []);
  assert.deepEqual(linksOf([{ ...record(), headers: [["traceparent", null]] }]), []);
});

Deno.test("linksOf() stops at its limit, however many senders there are, and bad ones take no place", none, () => {
  const senders = Array.from({ length: 5_000 }, (_, index) => (index + 1).toString(16).padStart(16, "0"));
  const records = senders.flatMap((span) => [sentBy("bad"), sentBy(`00-${TRACE}-${span}-01`)]);
  assert.deepEqual(linksOf(records).map(({ context }) => context.spanId), senders.slice(0, MAX_LINKS));
});

Deno.test("batchTracer() with telemetry off only does the work: no header is even looked at", none, async () => {
  const untouchable: TopicRecord = Object.defineProperty(record(), "headers", {
    get: () => assert.fail("a header was looked at"),
  });
  const batch = { topic: "orders", partition: 0, from: 0, to: 1, records: recordsOf([untouchable]) };
  assert.equal(await batchTracer({ topic: "orders", group: "g" })(batch, () => Promise.resolve(42)), 42);
});
