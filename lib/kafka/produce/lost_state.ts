import { causesOf } from "../../errors.ts";

/** Broker errors that mean it has lost the producer's sequence numbers, not that the records are bad. */
const PRODUCER_STATE_ERRORS = [
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "DUPLICATE_SEQUENCE_NUMBER",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
  "UNKNOWN_PRODUCER_ID",
];

/** Whether a broker has lost the producer's state; the producer then goes on with another id. */
export function hasLostState(error: unknown): boolean {
  return PRODUCER_STATE_ERRORS.includes(brokerErrorType(error) ?? "");
}

/** The type of the broker's own error inside what kafkajs threw; undefined if no broker answered. */
export function brokerErrorType(error: unknown): string | undefined {
  for (const inner of causesOf(error)) if ("type" in inner && typeof inner.type === "string") return inner.type;
}
