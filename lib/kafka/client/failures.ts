import ConsumerGroup from "kafkajs/src/consumer/consumerGroup.js";
import { causesOf, EXIT, Failure, messageOf } from "../../errors.ts";
import { isBrokenLogin } from "./connection_denied.ts";

stopSilentOffsetReset();

/**
 * When an offset is out of range, kafkajs commits and reads on from the default offset, silently skipping or repeating
 * records (tulios/kafkajs#1119, #1133). Here it ends the subscription: a person decides where to go on.
 */
function stopSilentOffsetReset(): void {
  // deno-lint-ignore no-explicit-any -- an internal class without types
  (ConsumerGroup as any).prototype.recoverFromOffsetOutOfRange = (error: { topic: string; partition: number }) => {
    // kafkajs retries any error that does not say it is not retriable.
    throw Object.assign(outOfRange(error.topic, error.partition), { retriable: false });
  };
}

/** The failure for a position outside the log. */
export function outOfRange(topic: string, partition: number, detail = ""): Failure {
  return new Failure(
    EXIT.data,
    `The group's offset in partition ${partition} of ${topic} is not in the log${detail}: records were deleted or the ` +
      `topic was recreated. Choose where to go on: deno task consume --reset --reset-to earliest (or latest)`,
  );
}

/** The failure for a topic that was recreated under the same name while it was read. */
export function recreated(topic: string): Failure {
  return new Failure(
    EXIT.data,
    `The topic ${topic} was deleted and recreated while it was read. Start again: it is read from its beginning, ` +
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

/** The failure for a group that already has another member. */
export function notAlone(group: string): Failure {
  return new Failure(
    EXIT.busy,
    `The group ${group} has another member already, and a group takes one consumer: stop it first, give this one a ` +
      `group and a storage folder of its own (--group, STORAGE_DIR), or ${SHARE_REMEDY}`,
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
    `The group ${group} has members of another program, or consumers on another kind of store: stop them first, or ` +
      `take another group (--group)`,
    { cause: error },
  );
}

/** Whether a kafkajs error passes by itself: connections, brokers, coordinators. */
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

/** The failure that kafkajs has wrapped, or a failure for the error itself. */
export function asFailure(error: unknown): Failure {
  return causesOf(error).find((inner) => inner instanceof Failure) ??
    new Failure(EXIT.failed, `Cannot go on reading: ${messageOf(error)}`, { cause: error });
}
