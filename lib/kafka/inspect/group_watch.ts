import type { Admin, Kafka } from "kafkajs";
import { EXIT, Failure, messageOf, Outage } from "../../errors.ts";
import { disconnect } from "../client/disconnect.ts";
import { accessDenied } from "../client/rights.ts";
import { topicFacts } from "../client/topic_facts.ts";
import { committedOffsets, membersIn, partitionLogs } from "../consume/group_offsets.ts";
import { seeingAll } from "../consume/log_ends.ts";
import { OldestUnread } from "./oldest_unread.ts";

/** How often the client is made anew: it learns of new partitions, and of a topic that was recreated. */
const RENEW_MS = 30_000;

/** A partition of the topic, and how far the group has come in it. */
export interface WatchedPartition {
  partition: number;
  /** First offset in the log. */
  start: number;
  /** Offset after the last record, also if an open transaction still holds it back. */
  end: number;
  committed: number | null;
  /** What there is to read after `committed`, at least 0; null if nothing is committed. */
  lag: number | null;
  /** When the oldest unread record was written, in milliseconds since the epoch; null if unknown or there is none. */
  unreadSince: number | null;
}

export interface WatchedMember {
  id: string;
  clientId: string;
  host: string;
  /** Its partitions of the topic. */
  partitions: number[];
}

/** A topic and a group as they are at one moment. */
export interface GroupLook {
  partitions: WatchedPartition[];
  members: WatchedMember[];
  /** As Kafka names it. */
  state: string;
}

/**
 * Looks at a topic and a group from outside, again and again, over the same connections. The caller closes.
 */
export class GroupWatch {
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #group: string;
  #client: Client | undefined;

  constructor(kafka: Kafka, { topic, group }: { topic: string; group: string }) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#group = group;
  }

  /**
   * What is there now. Rejects with an `Outage` that says in a sentence what is away or denied; the next call begins
   * anew. Permissions: net; at the broker DESCRIBE and READ on the topic, DESCRIBE on the group.
   */
  async look(): Promise<GroupLook> {
    try {
      if (this.#client !== undefined && performance.now() > this.#client.until) await this.close();
      return await this.#look(this.#client ??= await this.#connect());
    } catch (error) {
      await this.close();
      throw this.#outage(error);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    await Promise.all([disconnect(client.admin), client.unread.close()]);
  }

  async #connect(): Promise<Client> {
    const facts = (await topicFacts(this.#kafka, [this.#topic]))?.get(this.#topic);
    if (facts?.missing) {
      throw new Outage(EXIT.config, `There is no topic ${this.#topic} yet: deno task produce creates it`);
    }
    const admin = seeingAll(this.#kafka).admin();
    try {
      await admin.connect();
      await admin.describeCluster(); // else kafkajs does not know the coordinator's address
    } catch (error) {
      await disconnect(admin);
      throw error;
    }
    const unread = new OldestUnread(this.#kafka, this.#topic);
    return { admin, unread, topicId: facts?.id, until: performance.now() + RENEW_MS };
  }

  async #look({ admin, unread, topicId }: Client): Promise<GroupLook> {
    const [topic, group] = [this.#topic, this.#group];
    // The ends last: what is committed is never beyond them.
    const { groups: [description] } = await admin.describeGroups([group]);
    const committed = await committedOffsets(admin, { group, topic, topicId });
    const logs = await partitionLogs(admin, topic);
    const partitions = logs.map(({ partition, low, high }) => {
      const at = committed.get(partition) ?? null;
      const lag = at === null ? null : Math.max(0, high - Math.max(at, low));
      return { partition, start: low, end: high, committed: at, lag, unreadSince: null };
    });
    return {
      partitions: await withAges(partitions, unread),
      members: membersIn(description, topic).map(({ memberId: id, ...member }) => ({ id, ...member })),
      state: description?.state ?? "Dead",
    };
  }

  #outage(error: unknown): Failure {
    if (error instanceof Failure) return error;
    const denied = accessDenied(error, this.#kafka, { topic: this.#topic, operation: "Read", group: this.#group });
    return denied ?? new Outage(EXIT.unavailable, `Kafka is away: ${messageOf(error)}`, { cause: error });
  }
}

interface Client {
  admin: Admin;
  unread: OldestUnread;
  topicId: string | undefined;
  /** By `performance.now()`. */
  until: number;
}

async function withAges(partitions: WatchedPartition[], unread: OldestUnread): Promise<WatchedPartition[]> {
  const behind = partitions.flatMap(({ partition, committed, start, end }) =>
    committed !== null && Math.max(committed, start) < end ? [{ partition, from: Math.max(committed, start), end }] : []
  );
  const since = await unread.look(behind);
  return partitions.map((partition) => ({ ...partition, unreadSince: since.get(partition.partition) ?? null }));
}
