import type { DatabaseConnection } from "../../connections.ts";
import { EXIT, Outage } from "../../errors.ts";
import type { StockItem, User } from "../../order.ts";
import type { AcceptedOrder, OrderHistory, RejectedOrder } from "../../store_admin.ts";
import type { SeenVerdict, StoreLook, StoreWatch, WatchLimits } from "../../store_watch.ts";
import { Database } from "../client/database.ts";
import { placeOf, sqlState } from "../client/database_error.ts";
import { orderHistory } from "./order_history.ts";
import { ORDER_COLUMNS, REJECTED_COLUMNS, withoutNulls } from "./rows.ts";
import { type Position, positionsIn, VerdictCount } from "./verdict_count.ts";

/** Looks and searches at once. */
const CONNECTIONS = 2;
/** How long the number of users and items may be that of a moment ago, in milliseconds. */
const ROWS_MS = 10_000;
const NO_TABLE = "42P01";

/**
 * Watches the tables of a store by short statements that take no lock and use the indices that are there. A row that is
 * not committed is not seen.
 *
 * Permission: net.
 */
export class PostgresWatch implements StoreWatch {
  readonly #database: Database;
  readonly #limits: WatchLimits;
  #count = new VerdictCount();
  /** Positions at the last look, by topic and partition. */
  #seen = new Map<string, number>();
  #rows: { at: number; items: number; users: number } | undefined;

  constructor(connection: DatabaseConnection, limits: WatchLimits) {
    this.#database = new Database(connection, { max: CONNECTIONS });
    this.#limits = limits;
  }

  async look(): Promise<StoreLook> {
    try {
      const positions = await positionsIn(this.#database);
      const { accepted, rejected, isExact } = await this.#count.look(this.#database, positions);
      return { accepted, rejected, isExact, ...await this.#news(positions), ...await this.#items() };
    } catch (error) {
      if (sqlState(error) !== NO_TABLE) throw error;
      this.#count = new VerdictCount();
      const place = placeOf(this.#database.connection);
      throw new Outage(EXIT.config, `PostgreSQL at ${place} has no store yet: run deno task bootstrap`, {
        cause: error,
      });
    }
  }

  async history(orderId: string): Promise<OrderHistory> {
    return await orderHistory(this.#database, orderId);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  /** The latest verdicts on what the positions have moved over. */
  async #news(positions: readonly Position[]): Promise<Pick<StoreLook, "news" | "isSampled">> {
    const before = this.#seen;
    const moved = positions.map((at) => ({ ...at, from: before.get(`${at.topic}/${at.partition}`) ?? 0 }))
      .filter(({ position, from }) => position > from);
    const share = Math.max(1, Math.floor(this.#limits.news / Math.max(1, moved.length)));
    const ranges = moved.slice(0, this.#limits.news)
      .map(({ position, from, ...at }) => ({ ...at, from: Math.max(from, position - share), to: position, all: from }));
    const news: SeenVerdict[] = [];
    for (const order of await this.#verdicts<AcceptedOrder>("orders", ORDER_COLUMNS, ranges)) {
      news.push({ verdict: "accepted", ...order });
    }
    for (const order of await this.#verdicts<RejectedOrder>("rejected", REJECTED_COLUMNS, ranges)) {
      news.push({ verdict: "rejected", ...order });
    }
    const isFirst = before.size === 0;
    this.#seen = new Map(positions.map(({ topic, partition, position }) => [`${topic}/${partition}`, position]));
    const isSampled = !isFirst && (moved.length > ranges.length || ranges.some(({ from, all }) => from > all));
    return { news, isSampled };
  }

  async #verdicts<T extends AcceptedOrder | RejectedOrder>(
    table: "orders" | "rejected",
    columns: string,
    ranges: readonly { topic: string; partition: number; from: number; to: number }[],
  ): Promise<T[]> {
    if (ranges.length === 0) return [];
    const rows = await this.#database.query<T>(
      `SELECT ${columns} FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[])
         AS given (in_topic, in_partition, first, after)
       JOIN ${table} ON topic = in_topic AND partition = in_partition AND "offset" >= first AND "offset" < after
       ORDER BY "offset" DESC LIMIT ${this.#limits.news}`,
      [
        ranges.map(({ topic }) => topic),
        ranges.map(({ partition }) => partition),
        ranges.map(({ from }) => from),
        ranges.map(({ to }) => to),
      ],
    );
    return rows.map(withoutNulls).reverse();
  }

  async #items(): Promise<Pick<StoreLook, "items" | "itemCount" | "users" | "userCount">> {
    const items = await this.#database.query<StockItem>(
      `SELECT item AS name, quantity FROM inventory ORDER BY item LIMIT ${this.#limits.items}`,
    );
    const users = await this.#database.query<User>(
      `SELECT name, status FROM users ORDER BY name LIMIT ${this.#limits.users}`,
    );
    if (this.#rows === undefined || performance.now() > this.#rows.at + ROWS_MS) {
      const [counts] = await this.#database.query<{ items: number; users: number }>(
        "SELECT (SELECT count(*) FROM inventory) AS items, (SELECT count(*) FROM users) AS users",
      );
      this.#rows = { at: performance.now(), ...counts };
    }
    // A row that was just added is among the first ones, but not yet counted.
    const itemCount = items.length < this.#limits.items ? items.length : this.#rows.items;
    const userCount = users.length < this.#limits.users ? users.length : this.#rows.users;
    return { items, itemCount, users, userCount };
  }
}
