import ConsumerGroup from "kafkajs/src/consumer/consumerGroup.js";
import { causesOf, EXIT, Failure, messageOf } from "../../errors.ts";
import { isBrokenLogin } from "./connection_refusal.ts";

stopSilentOffsetReset();

/**
 * When an offset is out of range, kafkajs commits and reads on from the default offset, silently skipping or repeating
 * (tulios/kafkajs#1119, #1133). Here that ends the subscription: where to go on is a person's choice.
 */
function stopSilentOffsetReset(): void {
  // deno-lint-ignore no-explicit-any -- an internal class without types
  (ConsumerGroup as any).prototype.recoverFromOffsetOutOfRange = (error: { topic: string; partition: number }) => {
    // kafkajs repeats whatever does not say that repeating is no use.
    throw Object.assign(outOfRange(error.topic, error.partition), { retriable: false });
  };
}

/** The failure for a position that the log does not hold (any more). */
export function outOfRange(topic: string, partition: number, detail = ""): Failure {
  return new Failure(
    EXIT.data,
    `The group's offset in partition ${partition} of ${topic} is not in the log${detail}: records were deleted or the ` +
      `topic was created anew. Choose where to go on: deno task consume --reset --reset-to earliest (or latest)`,
  );
}

/** The failure for a topic that was created anew under the same name while it was read. */
export function recreated(topic: string): Failure {
  return new Failure(
    EXIT.data,
    `The topic ${topic} was deleted and created anew while it was read. Start again: it is read from its beginning, ` +
      `and what was accepted stays accepted`,
  );
}

/** The failure for a topic that was deleted while it was read. */
export function deleted(topic: string): Failure {
  return new Failure(
    EXIT.data,
    `The topic ${topic} was deleted while it was read. Start again to go on with a new one, empty at first; what was ` +
      `accepted stays accepted`,
  );
}

/** The failure for a group that another member consumes for already. */
export function notAlone(group: string): Failure {
  return new Failure(
    EXIT.busy,
    `The group ${group} has another member already; one consumer a group and storage folder: stop it first, give ` +
      `this one both of its own (--group, STORAGE_DIR), or ${SHARE_REMEDY}`,
  );
}

/** How several consumers may share a group. */
export const SHARE_REMEDY = "let them share a database (DATABASE_URL, docs/SCALING.md)";

/** The failure for a group whose members share its partitions by another rule, if `error` says so. */
export function otherRule(error: unknown, group: string): Failure | undefined {
  const isOtherRule = causesOf(error).some((inner) => "type" in inner && inner.type === "INCONSISTENT_GROUP_PROTOCOL");
  if (!isOtherRule) return undefined;
  return new Failure(
    EXIT.busy,
    `The group ${group} has members that are no consumers on this store, or of another program: stop them first, or ` +
      `take another group (--group)`,
    { cause: error },
  );
}

/** Whether an error of kafkajs is one that passes: connections, brokers, coordinators. */
export function isTransient(error: unknown): boolean {
  for (const inner of causesOf(error)) {
    if (inner instanceof Failure) return false;
    if ("retriable" in inner && inner.retriable === true) return true;
    if (/^KafkaJS(Connection|Request|NumberOfRetries|NoBroker|Broker|GroupCoordinator|Lock)/.test(inner.name)) {
      return true;
    }
    if (inner.name === "KafkaJSSASLAuthenticationError" && isBrokenLogin(inner.message)) return true;
  }
  return false;
}

/** The failure inside what kafkajs wrapped, or the error as it is. */
export function asFailure(error: unknown): Failure {
  return causesOf(error).find((inner) => inner instanceof Failure) ??
    new Failure(EXIT.failed, `Cannot go on reading: ${messageOf(error)}`, { cause: error });
}
