import type { DatabaseConnection } from "../../connections.ts";
import { EXIT, Failure, Outage } from "../../errors.ts";
import type { StoreView } from "../../judge_batch.ts";
import type { OrderColumns } from "../../order_columns.ts";
import type { OrderBatch, OrderStore, TopicPartition } from "../../ports.ts";
import type { Verdicts } from "../../verdicts.ts";
import type { Database, Queries } from "../client/database.ts";
import { openDatabase } from "../client/open_database.ts";
import { throughConflicts } from "../client/retry.ts";
import { markAsRead } from "./offset_ranges.ts";
import { movePosition, positionOf } from "./positions.ts";
import { PostgresOffsets } from "./postgres_offsets.ts";
import { readAccepted, readView } from "./read_view.ts";
import { requireContents } from "./require_contents.ts";
import { requireRights } from "./require_rights.ts";
import { writeVerdicts } from "./write_verdicts.ts";

/** What `process` has sent to be committed, until it is known what became of it. */
interface Attempt {
  /** Stored with the position, it tells the batch's transactions from others' if the answer to a COMMIT is lost. */
  id: string;
  verdicts: Verdicts | undefined;
}

export interface PostgresStoreOptions {
  /** Partitions that are processed at once, each on a connection of its own; 1 by default. */
  lanes?: number;
  /** The consumer group, noted with the positions that it moves. */
  group?: string;
  /** After it has been aborted a silent database is given up within seconds. */
  stop?: AbortSignal;
}

/**
 * The store in a PostgreSQL database, which any number of consumers on any number of machines share (docs/DESIGN.md).
 *
 * Permission: net.
 */
export class PostgresStore implements OrderStore {
  readonly #database: Database;
  readonly #group: string | undefined;
  /** The batches whose last COMMIT got no answer: processed again, they may be in the store already. */
  readonly #unanswered = new WeakMap<OrderBatch, Attempt>();
  /** Whether the last check found ids accepted before, as while orders are replayed under their own ids. */
  #idsRepeat = false;

  private constructor(database: Database, group: string | undefined) {
    this.#database = database;
    this.#group = group;
  }

  /**
   * Connects, and brings the tables up to date. Throws a {@linkcode Failure}: 69 after 10 s without a database, 78 where
   * a setting or right is wrong, or where there are neither users nor items.
   */
  static async open(connection: DatabaseConnection, options: PostgresStoreOptions = {}): Promise<PostgresStore> {
    const { lanes = 1, group, stop } = options;
    // One more, to ask for positions while every lane waits for others' locks.
    const database = await openDatabase(connection, { max: lanes + 1, stop });
    try {
      await requireRights(database);
      await requireContents(database);
      return new PostgresStore(database, group);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  async process(batch: OrderBatch, judge: (view: StoreView) => Verdicts): Promise<Verdicts> {
    const attempt = this.#unanswered.get(batch) ?? { id: crypto.randomUUID(), verdicts: undefined };
    const work = async (session: Queries, tries: number) => {
      const moved = await movePosition(session, batch, { attempt: attempt.id, group: this.#group });
      if (moved === "moved before") return attempt.verdicts!;
      const isNew = await markAsRead(session, batch);
      const verdicts = await this.#judge(session, batch, judge, { isNew: isNew && tries === 1 });
      await writeVerdicts(session, batch, verdicts);
      return verdicts;
    };
    const committing = (verdicts: Verdicts) => {
      attempt.verdicts = verdicts;
      this.#unanswered.set(batch, attempt);
    };
    const verdicts = await this.#whileRunning((tries) =>
      this.#database.transaction((session) => work(session, tries), committing)
    );
    this.#unanswered.delete(batch);
    return verdicts;
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
    judge: (view: StoreView) => Verdicts,
    { isNew }: { isNew: boolean },
  ): Promise<Verdicts> {
    const view = await readView(session, orders);
    if (isNew && !this.#idsRepeat) {
      const verdicts = judge({ ...view, accepted: () => undefined });
      const ofRejected = validIds(orders, (row) => verdicts.isRejected(row));
      if ((await readAccepted(session, ofRejected)).size === 0) return verdicts;
    }
    const accepted = await readAccepted(session, validIds(orders));
    this.#idsRepeat = accepted.size > 0;
    return judge({ ...view, accepted: (row) => accepted.get(orders.orderId(row)) });
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

/** An invalid order is rejected whatever is stored, and may hold what PostgreSQL cannot store as text. */
function validIds(orders: OrderColumns, isWanted: (row: number) => boolean = () => true): string[] {
  const ids: string[] = [];
  for (let row = 0; row < orders.length; row++) {
    if (orders.isValid(row) && isWanted(row)) ids.push(orders.orderId(row));
  }
  return ids;
}
