import { type Coordinates, nameKey } from "../../order.ts";
import type { PartitionRanges } from "../../offset_ranges.ts";
import { type BeginProgress, type Progress, unwatched } from "../../progress.ts";
import type { BalanceAudit, ItemBalance, StoreAudit, VerdictVisitor } from "../../store_admin.ts";
import type { Database, Queries } from "../client/database.ts";
import { boundsOf, PAGE, pages } from "./rows.ts";

/**
 * Counts edits, orders and rejections and compares them with the stock, all as of one moment, even while
 * consumers run. Memory is bounded by items.
 */
export async function audit(
  database: Database,
  visit: VerdictVisitor,
  { begin = unwatched }: { begin?: BeginProgress } = {},
): Promise<StoreAudit> {
  return await database.transaction(async (session) => {
    await session.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const balance = await balanceOf(session, (order) => visit.accepted(order), { begin });
    const progress = begin("Checking the rejected orders", "orders");
    for await (const order of rowsOf(session, "rejected", progress)) visit.rejected(order);
    return { ...balance, positions: await rangesRead(session) };
  });
}

/** Edits, orders and stock of each item; in a transaction, as of its moment. */
export async function balanceOf(
  session: Queries,
  visit: (place: Coordinates) => void = () => {},
  { begin = unwatched }: { begin?: BeginProgress } = {},
): Promise<BalanceAudit> {
  const books = new Books();
  for (const edits of await editsByItem(session)) books.edits(edits);
  for await (const order of rowsOf(session, "orders", begin("Checking the accepted orders", "orders"))) {
    books.accept(order);
    visit(order);
  }
  return books.close(await stockOf(session));
}

interface Edits {
  item: string;
  opening: number;
  edits: number;
}

interface Row {
  topic: string;
  partition: number;
  offset: number;
  order_id: string;
  item: string;
  quantity: number;
  remaining?: number;
}

/** Running totals of every item. */
class Books {
  readonly #faults: string[] = [];
  readonly #books = new Map<string, ItemBalance>();
  #accepted = 0;

  edits({ item, opening, edits }: Edits): void {
    Object.assign(this.#book(item), { opening, edits });
  }

  accept({ item, quantity, order_id, remaining }: Row): void {
    this.#book(item).accepted += quantity;
    this.#accepted++;
    if (remaining! < 0) this.#faults.push(`order ${order_id}: ${item} is oversold`);
  }

  close(stock: readonly { item: string; quantity: number }[]): BalanceAudit {
    for (const book of this.#books.values()) book.expected = book.opening + book.edits - book.accepted;
    for (const { item, quantity } of stock) this.#book(item).stock = quantity;
    const items = [...this.#books.values()].map((book) => isGone(book) ? { ...book, expected: null } : book);
    return { items, faults: this.#faults, accepted: this.#accepted };
  }

  #book(item: string): ItemBalance {
    const key = nameKey(item);
    let book = this.#books.get(key);
    if (book === undefined) {
      book = { item, opening: 0, edits: 0, accepted: 0, expected: null, stock: null };
      this.#books.set(key, book);
    }
    return book;
  }
}

/** An item that is missing, and of which none is left according to the books. */
function isGone({ expected, stock }: ItemBalance): boolean {
  return stock === null && expected === 0;
}

async function editsByItem(session: Queries): Promise<Edits[]> {
  return await session.query(
    `SELECT item, coalesce(sum(set_to) FILTER (WHERE was IS NULL), 0)::bigint AS opening,
       coalesce(sum(coalesce(set_to, 0) - was) FILTER (WHERE was IS NOT NULL), 0)::bigint AS edits
     FROM stock_edits GROUP BY item ORDER BY item`,
  );
}

async function stockOf(session: Queries): Promise<{ item: string; quantity: number }[]> {
  return await session.query("SELECT item, quantity FROM inventory ORDER BY item");
}

async function* rowsOf(session: Queries, table: "orders" | "rejected", progress: Progress): AsyncGenerator<Row> {
  const remaining = table === "orders" ? ", remaining" : "";
  const bounds = await boundsOf(session, table);
  const total = bounds.reduce((sum, { count }) => sum + count, 0);
  let done = 0;
  for (const { topic, partition } of bounds) {
    yield* pages(async (after) => {
      progress(done, total);
      const rows = await session.query<Row>(
        `SELECT topic, partition, "offset", order_id, item, quantity${remaining} FROM ${table}
         WHERE topic = $1 AND partition = $2 AND ("offset", order_id) > ($3, $4)
         ORDER BY "offset", order_id LIMIT ${PAGE}`,
        [topic, partition, after.offset, after.order_id],
      );
      done += rows.length;
      return rows;
    });
  }
  progress(total, total);
}

/** What was read of each partition. */
export async function rangesRead(session: Queries): Promise<PartitionRanges[]> {
  const rows = await session.query<{ topic: string; partition: number; from: number; to: number }>(
    `SELECT topic, partition, from_offset AS "from", to_offset AS "to" FROM offset_ranges
     ORDER BY topic, partition, from_offset`,
  );
  const partitions = Map.groupBy(rows, ({ topic, partition }) => `${topic}/${partition}`).values();
  return [...partitions].map((ranges) => {
    const [{ topic, partition }] = ranges;
    return { topic, partition, ranges: ranges.map(({ from, to }) => ({ from, to })) };
  });
}
