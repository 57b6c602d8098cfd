import type { OrderStore, TopicPartition } from "../../lib/ports.ts";

/** Moves where `store` has reading of a partition go on, as a reset of a group without members does. */
export async function restartAt(
  store: Pick<OrderStore, "offsets">,
  { topic, topicId, partition }: TopicPartition,
  offset: number | undefined,
): Promise<void> {
  const partitions = [{ partition, before: { position: offset === 0 ? 1 : 0 }, after: { position: offset } }];
  const change = { group: "group", topic, topicId, to: "test", withStore: true, partitions };
  await store.offsets.change(change, () => Promise.resolve());
}
