import type { DatabaseConnection } from "../../connections.ts";
import { EXIT, Failure, Outage } from "../../errors.ts";
import type { StoreView, Verdict } from "../../judge_batch.ts";
import type { OrderBatch, OrderStore, TopicPartition } from "../../ports.ts";
import type { Database, Queries } from "../client/database.ts";
import { openDatabase } from "../client/open_database.ts";
import { throughConflicts } from "../client/retry.ts";
import { markAsRead } from "./offset_ranges.ts";
import { movePosition, positionOf } from "./positions.ts";
import { PostgresOffsets } from "./postgres_offsets.ts";
import { readAccepted, readView } from "./read_view.ts";
import { requireRights } from "./require_rights.ts";
import { writeVerdicts } from "./write_verdicts.ts";

/** Longer transactions hold their locks for longer and gain nothing (docs/DESIGN.md). */
const MAX_ORDERS = 5_000;

export interface PostgresStoreOptions {
  /** Partitions that are processed at once, each on a connection of its own. */
  lanes?: number;
  /** The consumer group, noted with the positions that it moves. */
  group?: string;
  /** Orders in one transaction; some engines limit the rows that one may change. */
  maxOrders?: number;
  /** After it has been aborted a silent database is given up within seconds. */
  stop?: AbortSignal;
}

/**
 * The store in a PostgreSQL database, which any number of consumers on any number of machines share (docs/DESIGN.md).
 *
 * Permission: net.
 */
export class PostgresStore implements OrderStore {
  readonly maxOrders: number;
  readonly #database: Database;
  readonly #group: string | undefined;
  /** Whether the last check found ids accepted before, as while orders are replayed under their own ids. */
  #idsRepeat = false;

  private constructor(database: Database, { maxOrders = MAX_ORDERS, group }: PostgresStoreOptions) {
    this.#database = database;
    this.#group = group;
    this.maxOrders = maxOrders;
  }

  /**
   * Connects, and brings the tables up to date. Throws a {@linkcode Failure}: 69 after 10 s without a database, 78 where
   * a setting or right is wrong.
   */
  static async open(connection: DatabaseConnection, options: PostgresStoreOptions = {}): Promise<PostgresStore> {
    const database = await openDatabase(connection, { max: options.lanes, stop: options.stop });
    try {
      await requireRights(database);
      return new PostgresStore(database, options);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  async process(batch: OrderBatch, judge: (view: StoreView) => Verdict[]): Promise<Verdict[]> {
    // Stored with the position, it tells this call's transactions from others' if the answer to a COMMIT is lost.
    const call = crypto.randomUUID();
    let committing: Verdict[] = [];
    const work = async (session: Queries, attempt: number) => {
      if (await movePosition(session, batch, { call, group: this.#group }) === "moved before") return committing;
      const isNew = await markAsRead(session, batch);
      const verdicts = await this.#judge(session, batch, judge, { isNew: isNew && attempt === 1 });
      await writeVerdicts(session, batch, verdicts);
      return verdicts;
    };
    return await this.#whileRunning((attempt) =>
      this.#database.transaction((session) => work(session, attempt), (verdicts) => void (committing = verdicts))
    );
  }

  async resumeAt(at: TopicPartition): Promise<number | undefined> {
    return await this.#whileRunning(() => positionOf(this.#database, at));
  }

  get offsets(): PostgresOffsets {
    return new PostgresOffsets(this.#database);
  }

  /** Nothing to do: what a person sees is current. */
  async checkpoint(): Promise<void> {}

  async close(): Promise<void> {
    await this.#database.close();
  }

  /**
   * When records are new their ids nearly always are too, and looking all of them up takes a third of the time: so only
   * those of rejected orders are looked up. An id accepted a second time violates the table's primary key, and the next
   * attempt looks all of them up.
   */
  async #judge(
    session: Queries,
    { orders }: OrderBatch,
    judge: (view: StoreView) => Verdict[],
    { isNew }: { isNew: boolean },
  ): Promise<Verdict[]> {
    const view = await readView(session, orders);
    if (isNew && !this.#idsRepeat) {
      const verdicts = judge({ ...view, accepted: () => undefined });
      const rejected = verdicts.filter(({ kind }) => kind === "rejected").map(({ received }) => received);
      if ((await readAccepted(session, rejected)).size === 0) return verdicts;
    }
    const accepted = await readAccepted(session, orders);
    this.#idsRepeat = accepted.size > 0;
    return judge({ ...view, accepted: (orderId) => accepted.get(orderId) });
  }

  /** A right or login that is lost while it runs may be given back, just as a database may come back. */
  async #whileRunning<T>(work: (attempt: number) => Promise<T>): Promise<T> {
    try {
      return await throughConflicts(work, () => this.#database.isGivenUp);
    } catch (error) {
      if (!(error instanceof Failure) || error.exit !== EXIT.config) throw error;
      throw new Outage(EXIT.config, error.message, { cause: error });
    }
  }
}
