import type { Kafka } from "kafkajs";
import { causesOf, EXIT, Failure, messageOf } from "../../errors.ts";
import { accessDenied } from "../client/rights.ts";

/** The {@linkcode Failure} of a read of `topic`: 78 if access is denied, else 69. */
export function readFailure(cause: unknown, kafka: Kafka, topic: string): Failure {
  return accessDenied(cause, kafka, { topic, operation: "Read" }) ??
    new Failure(EXIT.unavailable, `Cannot read ${topic}: ${reasonOf(cause)}`, { cause });
}

function reasonOf(cause: unknown): string {
  const isGone = causesOf(cause).some((inner) => "type" in inner && inner.type === "OFFSET_OUT_OF_RANGE");
  return isGone ? "records were deleted while it was read, or the topic was recreated; try again" : messageOf(cause);
}
