import type { DatabaseConnection } from "../../connections.ts";
import { EXIT, Failure, Outage } from "../../errors.ts";
import type { StoreView, Verdict } from "../../judge_batch.ts";
import type { OrderBatch, OrderStore, TopicPartition } from "../../ports.ts";
import type { Database, Queries } from "../client/database.ts";
import { openDatabase } from "../client/open_database.ts";
import { throughConflicts } from "../client/retry.ts";
import { markAsRead } from "./offset_ranges.ts";
import { movePosition, positionOf, restartAt } from "./positions.ts";
import { readAccepted, readView } from "./read_view.ts";
import { requireContents } from "./require_contents.ts";
import { requireRights } from "./require_rights.ts";
import { writeVerdicts } from "./write_verdicts.ts";

/** What `process` has sent to be committed, until it is known what became of it. */
interface Attempt {
  /** Stored with the position, it tells the batch's transactions from others' if the answer to a COMMIT is lost. */
  id: string;
  verdicts: Verdict[];
}

export interface PostgresStoreOptions {
  /** Partitions that are processed at once, each on a connection of its own; 1 by default. */
  lanes?: number;
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
  /** The batches whose last COMMIT got no answer: processed again, they may be in the store already. */
  readonly #unanswered = new WeakMap<OrderBatch, Attempt>();
  /** Whether the last check found ids accepted before, as while orders are replayed under their own ids. */
  #idsRepeat = false;

  private constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Connects, and brings the tables up to date. Throws a {@linkcode Failure}: 69 after 10 s without a database, 78 where
   * a setting or right is wrong, or where there are neither users nor items.
   */
  static async open(connection: DatabaseConnection, options: PostgresStoreOptions = {}): Promise<PostgresStore> {
    const { lanes = 1, stop } = options;
    // One more, to ask for positions while every lane waits for others' locks.
    const database = await openDatabase(connection, { max: lanes + 1, stop });
    try {
      await requireRights(database);
      await requireContents(database);
      return new PostgresStore(database);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  async process(batch: OrderBatch, judge: (view: StoreView) => Verdict[]): Promise<Verdict[]> {
    const attempt = this.#unanswered.get(batch) ?? { id: crypto.randomUUID(), verdicts: [] };
    const work = async (session: Queries, tries: number) => {
      if (await movePosition(session, batch, attempt.id) === "moved before") return attempt.verdicts;
      const isNew = await markAsRead(session, batch);
      const verdicts = await this.#judge(session, batch, judge, { isNew: isNew && tries === 1 });
      await writeVerdicts(session, batch, verdicts);
      return verdicts;
    };
    const committing = (verdicts: Verdict[]) => {
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

  async restartAt(at: TopicPartition, offset: number): Promise<void> {
    await this.#whileRunning(() => this.#database.transaction((session) => restartAt(session, at, offset)));
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
