import type { DatabaseConnection } from "../../connections.ts";
import { EXIT, Outage } from "../../errors.ts";
import type { StockItem, User } from "../../order.ts";
import type { AcceptedOrder, OrderHistory, RejectedOrder } from "../../store_admin.ts";
import type { SeenVerdict, StoreLook, StoreWatch, WatchLimits } from "../../store_watch.ts";
import { Database } from "../client/database.ts";
import { placeOf, sqlState } from "../client/database_error.ts";
import { orderHistory } from "./order_history.ts";
import { ORDER_COLUMNS, REJECTED_COLUMNS, withoutNulls } from "./rows.ts";
import type { Step } from "./position_steps.ts";
import { GIVEN, inGiven, VerdictCount } from "./verdict_count.ts";

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
  #rows: { at: number; items: number; users: number } | undefined;

  constructor(connection: DatabaseConnection, limits: WatchLimits) {
    this.#database = new Database(connection, { max: CONNECTIONS });
    this.#limits = limits;
  }

  async look(): Promise<StoreLook> {
    try {
      const { steps, isFirst, isSampled, ...counted } = await this.#count.look(this.#database);
      const news = await this.#news(steps, isFirst);
      return { ...counted, ...news, isSampled: isSampled || news.isSampled, ...await this.#items() };
    } catch (error) {
      // What this look has missed is counted in the next one, with everything else.
      this.#count = new VerdictCount();
      if (sqlState(error) !== NO_TABLE) throw error;
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
  async #news(steps: readonly Step[], isFirst: boolean): Promise<Pick<StoreLook, "news" | "isSampled">> {
    if (steps.length === 0) return { news: [], isSampled: false };
    const share = Math.max(1, Math.floor(this.#limits.news / steps.length));
    const shown = steps.slice(0, this.#limits.news).map((step) => ({
      ...step,
      from: Math.max(step.from, step.to - share),
    }));
    const accepted = await this.#verdicts<AcceptedOrder>("orders", ORDER_COLUMNS, shown);
    const rejected = await this.#verdicts<RejectedOrder>("rejected", REJECTED_COLUMNS, shown);
    const news: SeenVerdict[] = [
      ...accepted.map((order) => ({ verdict: "accepted" as const, ...order })),
      ...rejected.map((order) => ({ verdict: "rejected" as const, ...order })),
    ];
    const isCut = shown.length < steps.length || shown.some(({ from }, index) => from > steps[index].from);
    return { news, isSampled: isCut && !isFirst };
  }

  async #verdicts<T extends AcceptedOrder | RejectedOrder>(
    table: "orders" | "rejected",
    columns: string,
    steps: readonly Step[],
  ): Promise<T[]> {
    const rows = await this.#database.query<T>(
      `SELECT ${columns} FROM ${GIVEN} JOIN ${table} ON ${inGiven(table)}
       ORDER BY "offset" DESC LIMIT ${this.#limits.news}`,
      [
        steps.map(({ topic }) => topic),
        steps.map(({ partition }) => partition),
        steps.map(({ from }) => from),
        steps.map(({ to }) => to),
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
