import type { Kafka } from "kafkajs";
import { logProgress } from "../lib/cli/long_work.ts";
import { print, printError } from "../lib/cli/print.ts";
import { warn } from "../lib/cli/warn.ts";
import type { DatabaseConnection } from "../lib/connections.ts";
import { FileStore } from "../lib/files/store/file_store.ts";
import { describeShare } from "../lib/kafka/consume/group_share.ts";
import type { SubscriptionOptions } from "../lib/kafka/consume/subscription_options.ts";
import type { OrderStore } from "../lib/ports.ts";
import { PostgresStore } from "../lib/postgres/store/postgres_store.ts";
import type { StoreSetting } from "./open_store.ts";

/** Partitions handled at once with a database: while one waits for it, another is judged. */
const LANES = 4;

/** The store of a consumer, and what its group needs to know about it. */
export interface ConsumerStore extends Pick<SubscriptionOptions, "onJoin"> {
  store: OrderStore;
  /** How many partitions are handled at once; set where other members may share the group. */
  lanes?: number;
  /** The member that the store knows to be dead, though the group may not. */
  deadMember?: string;
}

/** What a consumer has to know to open its store. */
export interface ConsumerSetting extends Pick<StoreSetting, "storage"> {
  database?: DatabaseConnection;
  group: string;
  topic: string;
  maxMessages?: number;
  json?: boolean;
}

/** Opens the store for `consume`; the caller closes it. Throws as `FileStore.open` and `PostgresStore.open` do. */
export async function openConsumerStore(
  kafka: Kafka,
  config: ConsumerSetting,
  stop: AbortSignal,
): Promise<ConsumerStore> {
  const { group, database } = config;
  if (database !== undefined) return await openSharedStore(kafka, config, { database, stop });
  const progress = logProgress("Reading the order log", "bytes");
  const store = await FileStore.open(config.storage, { warn, stop, progress });
  progress(1, 1); // a torn end is not read to its last byte
  return {
    store,
    deadMember: store.lastMemberOf(group),
    onJoin: (memberId) => store.describeOwner({ group, memberId }),
  };
}

/** A store that several consumers share: each one prints its share at a rebalance. */
async function openSharedStore(
  kafka: Kafka,
  { group, topic, maxMessages, json }: ConsumerSetting,
  { database, stop }: { database: DatabaseConnection; stop: AbortSignal },
): Promise<ConsumerStore> {
  // They can be counted exactly only one after the other.
  const lanes = maxMessages === undefined ? LANES : 1;
  let told = "";
  async function tell(memberId: string, partitions: readonly number[]): Promise<void> {
    const share = await describeShare(kafka, { group, topic, memberId, partitions });
    if (share !== undefined && share !== told) (json ? printError : print)(told = share);
  }
  return {
    store: await PostgresStore.open(database, { lanes, group, stop }),
    lanes,
    onJoin: (...share) => void tell(...share).catch(() => {}), // a courtesy: if it fails, the next rebalance prints it
  };
}
