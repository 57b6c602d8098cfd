import { context, propagation, SpanKind } from "@opentelemetry/api";
import type { OrderPublisher, OutgoingOrder } from "../ports.ts";
import { TRACEPARENT_HEADER } from "../topics.ts";
import { ATTRIBUTE, METRIC, OPERATION } from "./conventions.ts";
import { attributesOf, endingSpan, isTelemetryOn, meter, tracer } from "./telemetry.ts";

/**
 * `publisher` with a span for each send, whose `traceparent` the orders carry to their consumer; with telemetry off,
 * `publisher` itself.
 */
export function traced<T extends OutgoingOrder>(publisher: OrderPublisher<T>, topic: string): OrderPublisher<T> {
  if (!isTelemetryOn()) return publisher;
  const about = attributesOf(OPERATION.send, topic);
  const sent = meter.createCounter(METRIC.sent.name, METRIC.sent);
  return {
    send: (orders) => {
      const attributes = { ...about, [ATTRIBUTE.batchSize]: orders.length };
      return tracer.startActiveSpan(
        `${OPERATION.send} ${topic}`,
        { kind: SpanKind.PRODUCER, attributes },
        (span) =>
          endingSpan(span, async () => {
            const traceparent = traceparentNow();
            await publisher.send(orders.map((outgoing) => ({ ...outgoing, traceparent })));
            sent.add(orders.length, about);
          }),
      );
    },
    close: () => publisher.close(),
  };
}

/** Of the span that is active now. */
function traceparentNow(): string | undefined {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier[TRACEPARENT_HEADER];
}
