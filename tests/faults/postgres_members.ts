import type { Verdict } from "../../lib/verdicts.ts";
import type { Order } from "../../lib/order.ts";
import { type OrderBatch, PositionMoved } from "../../lib/ports.ts";
import type { PostgresStore } from "../../lib/postgres/store/postgres_store.ts";
import { withoutPostgres } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { watchStatements } from "../support/statements.ts";
import { restartAt } from "../support/restart_at.ts";
import { batchOf, order, outcomes, partitionOf, process } from "../support/storage.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";

const MEMBERS = 4;
const PARTITIONS = 12;
const RECORDS = 60;
const RESETS = 6;
const MAX_BATCH = 8;
const SAME_IDS = 100;
const CROSSED = 400;
/** So that a deadlock is detected at once; the server's default is a second. */
const DEADLOCK_MS = 20;

const id = (order_id: string, given = {}) => order({ order_id, ...given });

/** Finds what is wrong at the end, by the tables alone. */
export async function outcomeOf(
  database: TestDatabase,
  broken: string[],
  counts = { lost: 0, doubled: 0 },
): Promise<FaultOutcome> {
  const unbalanced = await database.requireBalance().then(() => 0, (error: Error) => (broken.push(error.message), 1));
  return { ...counts, unbalanced, recoveryMs: 0, broken };
}

/** Members that all read the same partitions, with batches fetched long ago, redeliveries and resets. */
class Members {
  readonly database: TestDatabase;
  readonly #random: () => number;
  readonly #logs: Order[][];
  readonly #accepted: string[] = [];
  /** Batches that some member fetched and may still hold. */
  readonly #held: OrderBatch[] = [];
  #resets = RESETS;

  constructor(database: TestDatabase, random: () => number) {
    this.database = database;
    this.#random = random;
    // A fifth of the ids is drawn from a few, so that they occur in several partitions.
    this.#logs = Array.from({ length: PARTITIONS }, (_, partition) =>
      Array.from({ length: RECORDS }, (_, offset) => {
        const order_id = this.#below(5) === 0 ? `shared-${this.#below(40)}` : `${partition}-${offset}`;
        return id(order_id, {
          item: ["book", "pen", "map"][this.#below(3)],
          user: this.#below(6) === 0 ? "bob" : "alice",
        });
      }));
  }

  /** Reads until every partition is at its end. */
  async run(store: PostgresStore): Promise<void> {
    for (let idle = 0; idle < PARTITIONS;) {
      const partition = this.#below(PARTITIONS);
      if (this.#resets > 0 && this.#below(100) === 0) {
        this.#resets--;
        const read = await store.resumeAt(partitionOf(partition)) ?? 0;
        await restartAt(store, partitionOf(partition), this.#below(read + 1));
      }
      const batch = await this.#next(store, partition);
      idle = batch === undefined ? idle + 1 : 0;
      if (batch === undefined) continue;
      try {
        this.#note(await process(store, batch));
      } catch (error) {
        if (!(error instanceof PositionMoved)) throw error;
      }
    }
    for (let partition = 0; partition < PARTITIONS; partition++) {
      while (await this.#readOn(store, partition));
    }
  }

  async check(): Promise<FaultOutcome> {
    const ids = new Set(await this.database.accepted());
    const verdicts = await this.database.sql<{ place: string }>(
      `SELECT partition || '/' || "offset" AS place FROM orders UNION ALL SELECT partition || '/' || "offset" FROM rejected`,
    );
    const places = new Set(verdicts.map(({ place }) => place));
    const broken: string[] = [];
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const ranges = JSON.stringify(await this.database.ranges(partition));
      if (ranges !== `[[0,${RECORDS}]]`) broken.push(`partition ${partition} was read as ${ranges}`);
    }
    if (verdicts.length !== places.size) broken.push("a record has two verdicts");
    if (this.#accepted.some((order_id) => !ids.has(order_id))) broken.push("an order was accepted and is gone");
    const doubled = this.#accepted.length - ids.size;
    return await outcomeOf(this.database, broken, { lost: PARTITIONS * RECORDS - places.size, doubled });
  }

  /** Mostly the next batch of the partition; sometimes one that somebody holds, whatever happened to its partition. */
  async #next(store: PostgresStore, partition: number): Promise<OrderBatch | undefined> {
    if (this.#held.length > 0 && this.#below(4) === 0) {
      // Each member has fetched its own: a batch is known again by who handles it.
      return { ...this.#held[this.#below(this.#held.length)] };
    }
    const from = await store.resumeAt(partitionOf(partition)) ?? 0;
    if (from >= RECORDS) return undefined;
    const batch = batchOf(this.#logs[partition].slice(from, from + 1 + this.#below(MAX_BATCH)), { partition, from });
    this.#held.push(batch);
    return batch;
  }

  async #readOn(store: PostgresStore, partition: number): Promise<boolean> {
    const from = await store.resumeAt(partitionOf(partition)) ?? 0;
    if (from >= RECORDS) return false;
    const batch = batchOf(this.#logs[partition].slice(from, from + MAX_BATCH), { partition, from });
    await process(store, batch).then((verdicts) => this.#note(verdicts), (error) => {
      if (!(error instanceof PositionMoved)) throw error;
    });
    return true;
  }

  #note(verdicts: readonly Verdict[]): void {
    for (const { kind, received } of verdicts) if (kind === "accepted") this.#accepted.push(received.order.order_id);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

export async function runMembers({ random }: FaultContext): Promise<FaultOutcome> {
  await using database = await TestDatabase.create({ items: { book: 150, pen: 150, map: 60 } });
  const members = new Members(database, random);
  const stores = await Promise.all(Array.from({ length: MEMBERS }, () => database.open({ lanes: 2 })));
  await Promise.all(stores.flatMap((store) => [members.run(store), members.run(store)]));
  return await members.check();
}

/** One `order_id` under two items, by two members at once: one is accepted, the other a conflict. */
export async function runSameId(): Promise<FaultOutcome> {
  await using database = await TestDatabase.create({ items: { book: SAME_IDS, pen: SAME_IDS } });
  const stores = await Promise.all([database.open(), database.open()]);
  const broken: string[] = [];
  for (let from = 0; from < SAME_IDS; from++) {
    const verdicts = await Promise.all(
      ["book", "pen"].map((item, partition) =>
        process(stores[partition], batchOf([id(`same-${from}`, { item })], { partition, from })).then(outcomes, String)
      ),
    );
    const found = verdicts.flat().sort().join();
    if (found !== "accepted,order-id-conflict") broken.push(`id ${from}: ${found}`);
  }
  return await outcomeOf(database, broken, { lost: 0, doubled: SAME_IDS < (await database.accepted()).length ? 1 : 0 });
}

/** Two members with the same ids and items in opposite orders: they wait for each other once, never in a circle. */
export async function runCrossed(): Promise<FaultOutcome> {
  const items = Object.fromEntries(Array.from({ length: CROSSED }, (_, index) => [`item-${index}`, 2]));
  await using database = await TestDatabase.create({ items: { ...items, book: CROSSED, pen: CROSSED } });
  await database.sql(`ALTER DATABASE ${database.connection.database} SET deadlock_timeout = '${DEADLOCK_MS}ms'`);
  const stores = await Promise.all([database.open(), database.open()]);
  const ascending = Array.from({ length: CROSSED }, (_, index) => index);
  const broken: string[] = [];
  const at = (text: string, send: () => Promise<unknown>) =>
    send().catch((error: Error & { code?: string }) => {
      if (error.code === "40P01") broken.push(`deadlock in ${text.trim().split("\n")[0]}`);
      throw error;
    });
  await watchStatements(({ text }, send) => at(text, send), async () => {
    const sameItems = ascending.map((index) => id(`a-${index}`, { item: `item-${index}` }));
    const otherIds = ascending.map((index) => id(`b-${index}`, { item: `item-${index}` })).reverse();
    await atOnce(stores, [sameItems, otherIds], 0);
    const someIds = ascending.map((index) => id(`c-${String(index).padStart(9, "0")}`, { item: "book" }));
    await atOnce(stores, [someIds, someIds.toReversed().map((one) => ({ ...one, item: "pen" }))], CROSSED);
  });
  return await outcomeOf(database, broken);
}

async function atOnce(stores: readonly PostgresStore[], logs: readonly Order[][], from: number): Promise<void> {
  await Promise.all(logs.map((orders, partition) => process(stores[partition], batchOf(orders, { partition, from }))));
}

export const POSTGRES_MEMBERS: readonly Fault[] = [{
  row: 29,
  name: "one order_id under two items, by two members at once",
  runs: { full: 1, sample: 1 },
  skip: withoutPostgres,
  run: runSameId,
}, {
  row: 32,
  name: "four members at twelve partitions, with stale batches, redeliveries and resets",
  runs: { full: 50, sample: 2 },
  skip: withoutPostgres,
  run: runMembers,
}, {
  row: 33,
  name: "the same ids and items by two members in opposite orders",
  runs: { full: 20, sample: 2 },
  skip: withoutPostgres,
  run: runCrossed,
}];
