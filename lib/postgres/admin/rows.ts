import { EXIT, Failure } from "../../errors.ts";
import type { SliceFilter } from "../../slice.ts";
import type { AcceptedOrder, RejectedOrder } from "../../store_admin.ts";
import type { Queries } from "../client/database.ts";

/** The columns of `orders` under the names of {@linkcode AcceptedOrder}; {@linkcode withoutNulls} makes the order. */
export const ORDER_COLUMNS = `order_id, user_name AS "user", item, quantity, created_at, topic, partition, "offset",
  remaining, replay_of, floor(extract(epoch FROM accepted_at) * 1000)::bigint AS accepted_at`;

/** The columns of `rejected` under the names of {@linkcode RejectedOrder}; as above. */
export const REJECTED_COLUMNS = `order_id, user_name AS "user", item, quantity, created_at, topic, partition, "offset",
  reason, status, stock, replay_of, floor(extract(epoch FROM rejected_at) * 1000)::bigint AS rejected_at`;

/** A column that is null in the row is absent from the order. */
export function withoutNulls<T extends AcceptedOrder | RejectedOrder>(row: T): T {
  for (const [name, value] of Object.entries(row)) if (value === null) delete row[name as keyof T];
  return row;
}

/** Where the rows of a partition end as of one moment. */
export interface Bound {
  topic: string;
  partition: number;
  /** The highest offset. */
  last: number;
  /** The newest row's time, as PostgreSQL writes it. */
  newest: string;
  /** The same in milliseconds since the epoch. */
  newestMs: number;
  /** The newest `created_at`, in milliseconds since the epoch. */
  newestCreated: number;
  /** How many rows there are. */
  count: number;
}

/** The bounds of every partition in `orders` or `rejected`, as of one moment. */
export async function boundsOf(session: Queries, table: "orders" | "rejected"): Promise<Bound[]> {
  const time = table === "orders" ? "accepted_at" : "rejected_at";
  return await session.query(
    `SELECT topic, partition, max("offset") AS last, max(${time})::text AS newest,
       floor(extract(epoch FROM max(${time})) * 1000)::bigint AS "newestMs", max(created_at) AS "newestCreated",
       count(*) AS count
     FROM ${table} GROUP BY topic, partition ORDER BY topic, partition`,
  );
}

/** A {@linkcode Failure} (64) where a slice is given by the lines of a file. */
export function refuseLines({ from, to }: SliceFilter, file: string): void {
  if (from === undefined && to === undefined) return;
  const remedy = "a database has none: give --since and --until";
  throw new Failure(EXIT.usage, `--from and --to count lines of ${file}, and ${remedy}`);
}

/** Rows read in one go. */
export const PAGE = 1_000;

/** The row after which the next page begins: an offset may occur twice where a topic was created anew. */
interface Keyed {
  offset: number;
  order_id: string;
}

/**
 * The rows of a partition by offset, a page at a time, each page a statement of its own: `read` gets the offset and
 * order_id after which it begins. No cursor and no transaction is held between two pages.
 */
export async function* pages<T extends Keyed>(
  read: (after: { offset: number; order_id: string }) => Promise<T[]>,
): AsyncGenerator<T> {
  let after = { offset: -1, order_id: "" };
  while (true) {
    const page = await read(after);
    yield* page;
    if (page.length < PAGE) return;
    const { offset, order_id } = page[page.length - 1];
    after = { offset, order_id };
  }
}

/** Merges streams into one: next comes the row that `isBefore` the others, else that of the first stream. */
export async function* merged<T>(
  streams: readonly AsyncGenerator<T>[],
  isBefore: (one: T, other: T) => boolean,
): AsyncGenerator<T> {
  const heads: { stream: AsyncGenerator<T>; next: T }[] = [];
  for (const stream of streams) {
    const { value, done } = await stream.next();
    if (!done) heads.push({ stream, next: value });
  }
  while (heads.length > 0) {
    const at = heads.reduce((first, { next }, index) => isBefore(next, heads[first].next) ? index : first, 0);
    yield heads[at].next;
    const { value, done } = await heads[at].stream.next();
    if (done) heads.splice(at, 1);
    else heads[at].next = value;
  }
}
