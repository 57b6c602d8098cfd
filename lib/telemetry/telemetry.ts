import { type Attributes, metrics, propagation, type Span, SpanStatusCode, trace } from "@opentelemetry/api";
import { messageOf } from "../errors.ts";
import { ATTRIBUTE, SYSTEM } from "./conventions.ts";

const SCOPE = "order-pipeline";

export const tracer = trace.getTracer(SCOPE);
export const meter = metrics.getMeter(SCOPE);

/** Whether Deno was started with `OTEL_DENO=true`; without it nothing is traced and no header is sent. */
export function isTelemetryOn(): boolean {
  return propagation.fields().length > 0;
}

/** What an operation on a topic has in common with others of its kind. */
export function attributesOf(operation: string, topic: string, more: Attributes = {}): Attributes {
  return {
    [ATTRIBUTE.system]: SYSTEM,
    [ATTRIBUTE.operationName]: operation,
    [ATTRIBUTE.operationType]: operation,
    [ATTRIBUTE.destination]: topic,
    ...more,
  };
}

/** Runs `work` and ends its span, as failed if it rejects. */
export async function endingSpan<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
    if (error instanceof Error) span.setAttribute(ATTRIBUTE.errorType, error.name);
    throw error;
  } finally {
    span.end();
  }
}
