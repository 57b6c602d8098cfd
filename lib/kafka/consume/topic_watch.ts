import { setTimeout as delay } from "node:timers/promises";
import type { Kafka } from "kafkajs";
import type { Failure } from "../../errors.ts";
import { deleted, recreated } from "../client/failures.ts";
import { topicFacts } from "../client/topic_facts.ts";

/** How often to check that the topic is still the same, in milliseconds. */
export const TOPIC_CHECK_MS = 5_000;
/** A broker that has just started may not have heard of the topic yet: it has to say this often that there is none… */
const MISSED_CHECKS = 3;
/** …with this many milliseconds in between. */
const MISSED_MS = 1_000;

/**
 * Resolves to a failure once the topic no longer has this id, or to undefined once `over` aborts.
 *
 * kafkajs does not notice that a topic was recreated, and would skip the beginning of a longer new log; a deleted topic
 * it would ask for endlessly. Permission: net.
 */
export async function watchTopic(
  kafka: Kafka,
  { topic, topicId }: { topic: string; topicId: string | undefined },
  over: AbortSignal,
): Promise<Failure | undefined> {
  if (topicId === undefined) return undefined; // brokers too old to tell
  for (let missed = 0; !over.aborted;) {
    await delay(missed === 0 ? TOPIC_CHECK_MS : MISSED_MS, undefined, { signal: over }).catch(() => {});
    const facts = await topicFacts(kafka, [topic]).catch(() => undefined); // away: the next check will tell
    const found = facts?.get(topic);
    if (found === undefined) continue;
    if (found.id !== undefined && found.id !== topicId) return recreated(topic);
    missed = found.missing ? missed + 1 : 0;
    if (missed === MISSED_CHECKS) return deleted(topic);
  }
}
