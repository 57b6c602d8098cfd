import { Buffer } from "node:buffer";
import { type Link, SpanKind } from "@opentelemetry/api";
import type { FetchedBatch, TopicRecord } from "../ports.ts";
import { TRACEPARENT_HEADER } from "../topics.ts";
import { ATTRIBUTE, METRIC, OPERATION } from "./conventions.ts";
import { attributesOf, endingSpan, isTelemetryOn, meter, tracer } from "./telemetry.ts";

/** The most sends that the span of a batch is linked to. */
export const MAX_LINKS = 32;

/** Version 00 of https://www.w3.org/TR/trace-context/; ids of zeros are invalid. */
const TRACEPARENT = /^00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/;
const TRACEPARENT_LENGTH = 55;
const LATIN1 = new TextDecoder("latin1");

/** Runs the work on a batch in a span, which is linked to those that sent its records. */
export type TraceBatch = <T>(batch: FetchedBatch, work: () => Promise<T>) => Promise<T>;

/** How the batches of a consumer of `group` are traced: not at all with telemetry off. */
export function batchTracer({ topic, group }: { topic: string; group: string }): TraceBatch {
  if (!isTelemetryOn()) return (_batch, work) => work();
  const about = attributesOf(OPERATION.process, topic, { [ATTRIBUTE.group]: group });
  const consumed = meter.createCounter(METRIC.consumed.name, METRIC.consumed);
  const processing = meter.createHistogram(METRIC.processing.name, METRIC.processing);
  return async (batch, work) => {
    const ofPartition = { ...about, [ATTRIBUTE.partition]: String(batch.partition) };
    const attributes = { ...ofPartition, [ATTRIBUTE.batchSize]: batch.records.length };
    const options = { kind: SpanKind.CONSUMER, attributes, links: linksOf(batch.records) };
    const begin = performance.now();
    consumed.add(batch.records.length, ofPartition);
    try {
      return await tracer.startActiveSpan(
        `${OPERATION.process} ${topic}`,
        options,
        (span) => endingSpan(span, work),
      );
    } finally {
      processing.record((performance.now() - begin) / 1_000, ofPartition);
    }
  };
}

/** Links to the different spans that sent these records, at most {@linkcode MAX_LINKS}. Anybody may set the header. */
export function linksOf(records: Iterable<Pick<TopicRecord, "headers">>): Link[] {
  const links = new Map<string, Link>();
  let last: Uint8Array | undefined;
  for (const { headers } of records) {
    if (links.size === MAX_LINKS) break;
    if (headers.length === 0) continue; // as all are of a sender without telemetry
    const value = headers.find(([name]) => name === TRACEPARENT_HEADER)?.[1];
    if (value?.length !== TRACEPARENT_LENGTH) continue;
    if (last !== undefined && Buffer.compare(last, value) === 0) continue; // nearly always: sends are large
    last = value;
    const parent = LATIN1.decode(value);
    const [, traceId, spanId, flags] = links.has(parent) ? [] : TRACEPARENT.exec(parent) ?? [];
    if (traceId === undefined) continue;
    links.set(parent, { context: { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true } });
  }
  return [...links.values()];
}
