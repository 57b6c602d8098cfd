import { blankEdgedNames } from "../../row_warnings.ts";
import { nameKey, type StockItem, type User } from "../../order.ts";
import { oddUsers } from "../../odd_users.ts";
import { type BeginProgress, unwatched } from "../../progress.ts";
import type {
  AcceptedChoice,
  EditOutcome,
  ItemEdit,
  OrderHistory,
  RejectedChoice,
  StoreAdmin,
  StoreAudit,
  StoreContents,
  UserEdit,
  VerdictVisitor,
} from "../../store_admin.ts";
import type { KnownVerdicts } from "../../offset_changes.ts";
import type { OffsetRange } from "../../offset_ranges.ts";
import { PostgresOffsets } from "../store/postgres_offsets.ts";
import type { Database } from "../client/database.ts";
import { placeOf } from "../client/database_error.ts";
import { throughConflicts } from "../client/retry.ts";
import { requireContents } from "../store/require_contents.ts";
import { acceptedSlice } from "./accepted_slice.ts";
import { addMissing } from "./add_missing.ts";
import { audit } from "./audit.ts";
import { editItem } from "./edit_item.ts";
import { postgresContents } from "./postgres_contents.ts";
import { orderHistory } from "./order_history.ts";
import { rejectedSlice } from "./rejected_slice.ts";
import { startOver } from "./start_over.ts";
import { verdictsIn } from "./verdicts_in.ts";

/**
 * The tools' side of a store in PostgreSQL. Errors are those of the client: 69 unreachable, 78 a setting or right.
 *
 * Permission: net.
 */
export class PostgresAdmin implements StoreAdmin {
  readonly parts = "tables";
  readonly place: string;
  readonly #database: Database;
  readonly #warn: (sentence: string) => void;
  readonly #begin: BeginProgress;

  constructor(
    database: Database,
    warn: (sentence: string) => void,
    { begin = unwatched }: { begin?: BeginProgress } = {},
  ) {
    this.#database = database;
    this.#warn = warn;
    this.#begin = begin;
    this.place = placeOf(database.connection);
  }

  async glance(): Promise<{ users: User[]; items: StockItem[] }> {
    await requireContents(this.#database);
    return { users: await this.#users(), items: await this.#items() };
  }

  async users(): Promise<User[]> {
    const users = await this.#users();
    for (const sentence of oddUsers(users, this.place)) this.#warn(sentence);
    return users;
  }

  async items(): Promise<StockItem[]> {
    const items = await this.#items();
    const names = items.map(({ name }) => name);
    for (const sentence of blankEdgedNames("item", names, this.place)) this.#warn(sentence);
    return items;
  }

  async editUser({ action, name, status }: UserEdit): Promise<EditOutcome> {
    const statement = action === "add"
      ? "INSERT INTO users (name, status) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING RETURNING name"
      : "UPDATE users SET status = $2 WHERE name = $1 RETURNING name";
    const edited = await throughConflicts(() => this.#database.query(statement, [nameKey(name), status]));
    if (edited.length > 0) return { done: true, was: undefined };
    return { done: false, names: (await this.#users()).map((user) => user.name) };
  }

  async editItem(edit: ItemEdit): Promise<EditOutcome> {
    const done = await throughConflicts(() => editItem(this.#database, edit));
    return done ?? { done: false, names: (await this.#items()).map(({ name }) => name) };
  }

  async addMissing(
    users: readonly User[],
    items: readonly StockItem[],
  ): Promise<{ users: User[]; items: StockItem[] }> {
    return await throughConflicts(() => this.#database.transaction((session) => addMissing(session, { users, items })));
  }

  async startOver(users: readonly User[], items: readonly StockItem[]): Promise<string | undefined> {
    return await startOver(this.#database, { users, items });
  }

  async audit(visit: VerdictVisitor): Promise<StoreAudit> {
    return await throughConflicts(() => audit(this.#database, visit, { begin: this.#begin }));
  }

  async contents<T>(use: (contents: StoreContents) => Promise<T>): Promise<T> {
    return await this.#database.transaction(async (session) => await use(await postgresContents(session, this.#begin)));
  }

  async history(orderId: string): Promise<OrderHistory> {
    return await orderHistory(this.#database, orderId);
  }

  async lookUp({ user, item }: { user: string; item: string }): Promise<{ status?: string; quantity?: number }> {
    const [{ status, quantity }] = await this.#database.query<{ status: string | null; quantity: number | null }>(
      `SELECT (SELECT status FROM users WHERE name = $1) AS status,
         (SELECT quantity FROM inventory WHERE item = $2) AS quantity`,
      [nameKey(user), nameKey(item)],
    );
    return { status: status ?? undefined, quantity: quantity ?? undefined };
  }

  get offsets(): PostgresOffsets {
    return new PostgresOffsets(this.#database);
  }

  async verdictsIn(topic: string, ranges: ReadonlyMap<number, OffsetRange>): Promise<Map<number, KnownVerdicts>> {
    return await verdictsIn(this.#database, topic, ranges);
  }

  async acceptedSlice(choice: AcceptedChoice) {
    return await acceptedSlice(this.#database, choice);
  }

  async rejectedSlice(choice: RejectedChoice) {
    return await rejectedSlice(this.#database, choice);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  async #items(): Promise<StockItem[]> {
    return await this.#database.query("SELECT item AS name, quantity FROM inventory ORDER BY item");
  }

  async #users(): Promise<User[]> {
    return await this.#database.query("SELECT name, status FROM users ORDER BY name");
  }
}
