/** The topic that a group's offsets refer to. */
export interface GroupTopic {
  group: string;
  topic: string;
  /** The topic's current id (`topicFacts`); undefined if the brokers do not tell. */
  topicId: string | undefined;
}

const PREFIX = "topic-id:";

/** The metadata committed with an offset: the id of its topic. */
export function offsetMetadata(topicId: string | undefined): string | null {
  return topicId === undefined ? null : PREFIX + topicId;
}

/** Whether `metadata` is what this program commits, and not another. */
export function isOwnMetadata(metadata: string): boolean {
  return metadata.startsWith(PREFIX);
}

/** Whether an offset committed with `metadata` belongs to an earlier topic of the same name. */
export function isOfEarlierTopic(metadata: string | null, topicId: string | undefined): boolean {
  return topicId !== undefined && metadata !== null && metadata.startsWith(PREFIX) &&
    metadata !== PREFIX + topicId;
}
