import type { DatabaseConnection } from "../../connections.ts";
import type { StoreView, Verdict } from "../../judge_batch.ts";
import type { OrderBatch, OrderStore, TopicPartition } from "../../ports.ts";
import type { Database, Queries } from "../client/database.ts";
import { openDatabase } from "../client/open_database.ts";
import { throughConflicts } from "../client/retry.ts";
import { markAsRead } from "./offset_ranges.ts";
import { movePosition, positionOf, restartAt } from "./positions.ts";
import { readView } from "./read_view.ts";
import { writeVerdicts } from "./write_verdicts.ts";

/** Longer transactions hold their locks for longer and gain nothing (docs/DESIGN.md). */
const MAX_ORDERS = 5_000;

export interface PostgresStoreOptions {
  /** Partitions that are processed at once, each on a connection of its own. */
  lanes?: number;
  /** Orders in one transaction; some engines have a bound to the rows that one may change. */
  maxOrders?: number;
}

/**
 * The store in a PostgreSQL database, which any number of consumers on any number of machines share (docs/DESIGN.md).
 *
 * Permission: net.
 */
export class PostgresStore implements OrderStore {
  readonly maxOrders: number;
  readonly #database: Database;

  private constructor(database: Database, { maxOrders = MAX_ORDERS }: PostgresStoreOptions) {
    this.#database = database;
    this.maxOrders = maxOrders;
  }

  /**
   * Connects, and brings the tables up to date. Throws a {@linkcode Failure}: 69 after 10 s without a database, 78 where
   * a setting or right is at fault.
   */
  static async open(connection: DatabaseConnection, options: PostgresStoreOptions = {}): Promise<PostgresStore> {
    return new PostgresStore(await openDatabase(connection, { max: options.lanes }), options);
  }

  async process(batch: OrderBatch, judge: (view: StoreView) => Verdict[]): Promise<Verdict[]> {
    // In the position it tells this call's transactions from others', should the answer to a COMMIT be lost.
    const call = crypto.randomUUID();
    let lastCommit: Verdict[] = [];
    const work = async (session: Queries) => {
      const isOurs = await movePosition(session, batch, call) === "moved before";
      return isOurs ? lastCommit : await this.#process(session, batch, judge);
    };
    return await throughConflicts(() => this.#database.transaction(work, (verdicts) => void (lastCommit = verdicts)));
  }

  async resumeAt(at: TopicPartition): Promise<number | undefined> {
    return await throughConflicts(() => positionOf(this.#database, at));
  }

  async restartAt(at: TopicPartition, offset: number): Promise<void> {
    await throughConflicts(() => this.#database.transaction((session) => restartAt(session, at, offset)));
  }

  /** Nothing to do: what a person sees is current. */
  async checkpoint(): Promise<void> {}

  async close(): Promise<void> {
    await this.#database.close();
  }

  /** After the position, so that nobody else is at this batch; all of it or nothing is committed. */
  async #process(session: Queries, batch: OrderBatch, judge: (view: StoreView) => Verdict[]): Promise<Verdict[]> {
    await markAsRead(session, batch);
    const verdicts = judge(await readView(session, batch.orders));
    await writeVerdicts(session, batch, verdicts);
    return verdicts;
  }
}
