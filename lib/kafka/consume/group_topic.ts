/** What a group's offsets are offsets of. */
export interface GroupTopic {
  group: string;
  topic: string;
  /** Of the topic as it is now (`topicFacts`); undefined where the brokers do not tell. */
  topicId: string | undefined;
}

const PREFIX = "topic-id:";

/** What is committed together with an offset: the id of the topic that it was an offset of. */
export function offsetMetadata(topicId: string | undefined): string | null {
  return topicId === undefined ? null : PREFIX + topicId;
}

/** Whether an offset that was committed with `metadata` speaks of a topic of the same name that is gone. */
export function isOfEarlierTopic(metadata: string | null, topicId: string | undefined): boolean {
  return topicId !== undefined && metadata !== null && metadata.startsWith(PREFIX) &&
    metadata !== PREFIX + topicId;
}
