import type { Admin, Kafka } from "kafkajs";
import { groupSetting, type KafkaSettings } from "../../lib/cli/settings.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { requireBrokers } from "../../lib/kafka/client/require_brokers.ts";
import { accessDenied, requireRights } from "../../lib/kafka/client/rights.ts";
import type { GroupTopic } from "../../lib/kafka/consume/group_topic.ts";
import type { OffsetStore } from "../../lib/offset_changes.ts";
import type { StoreAdmin } from "../../lib/store_admin.ts";
import { type StoreSetting, withStore } from "../open_store.ts";

/** The group and topic that are meant, and the store that may go along. */
export interface OffsetsSetting extends KafkaSettings {
  group: string;
  store: StoreSetting;
}

/** What a command on offsets works with. */
export interface OffsetsSession {
  kafka: Kafka;
  admin: Admin;
  at: GroupTopic;
  store: StoreAdmin;
  /** The offsets of the store, if the group consumes into it; undefined for a group of another program. */
  ownOffsets: OffsetStore | undefined;
}

/** Opens store and connections for `use`, and closes them. Permissions: net; those of `withStore`. */
export async function withOffsets<T>(
  { kafka: connection, topic, group, store: setting }: OffsetsSetting,
  use: (session: OffsetsSession) => Promise<T>,
): Promise<T> {
  await requireBrokers(connection);
  const kafka = createKafka(connection);
  const facts = (await requireRights(kafka, { [topic]: "Read" }))?.get(topic);
  if (facts?.exists === false) throw new Failure(EXIT.config, `There is no topic ${topic} (--topic)`);
  return await withStore(setting, async (store) => {
    const ownOffsets = await goesAlong(store, { group, topic }) ? store.offsets : undefined;
    try {
      return await withAdmin(
        kafka,
        (admin) => use({ kafka, admin, at: { group, topic, topicId: facts?.id }, store, ownOffsets }),
      );
    } catch (error) {
      throw accessDenied(error, kafka, { topic, operation: "Read", group }) ?? error;
    }
  });
}

/** A store goes with the group that consumed into it last; where it does not know that, with the group of the settings. */
async function goesAlong(store: StoreAdmin, { group, topic }: { group: string; topic: string }): Promise<boolean> {
  const groups = await store.offsets.groupsOf(topic);
  return groups.length === 0 ? group === groupSetting({ group: undefined }) : groups.includes(group);
}
