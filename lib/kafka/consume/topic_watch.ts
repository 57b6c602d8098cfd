import { setTimeout as delay } from "node:timers/promises";
import type { Kafka } from "kafkajs";
import type { Failure } from "../../errors.ts";
import { deleted, recreated } from "../client/failures.ts";
import { topicFacts } from "../client/topic_facts.ts";

/** How often to look whether the topic still is the same one, in milliseconds. */
export const TOPIC_CHECK_MS = 5_000;
/** A broker that has just started may not have heard of the topic yet: so often it has to say that there is none… */
const MISSED_CHECKS = 3;
/** …this long apart, in milliseconds. */
const MISSED_MS = 1_000;

/**
 * Resolves to what is wrong once the topic is not the one of this id any more, or undefined once `over` aborts.
 *
 * Kafkajs does not notice a topic that was created anew, and where the new log is the longer one it would skip its
 * beginning; one that was deleted it would ask for without end. Permission: net.
 */
export async function watchTopic(
  kafka: Kafka,
  { topic, topicId }: { topic: string; topicId: string | undefined },
  over: AbortSignal,
): Promise<Failure | undefined> {
  if (topicId === undefined) return undefined; // brokers too old to tell
  for (let missed = 0; !over.aborted;) {
    await delay(missed === 0 ? TOPIC_CHECK_MS : MISSED_MS, undefined, { signal: over }).catch(() => {});
    const facts = await topicFacts(kafka, [topic]).catch(() => undefined); // away: the next look will tell
    const found = facts?.get(topic);
    if (found === undefined) continue;
    if (found.id !== undefined && found.id !== topicId) return recreated(topic);
    missed = found.missing ? missed + 1 : 0;
    if (missed === MISSED_CHECKS) return deleted(topic);
  }
}
