import { EXIT, Outage } from "../../errors.ts";
import { nameKey } from "../../order.ts";
import type { EditOutcome, ItemEdit } from "../../store_admin.ts";
import type { Database, Queries } from "../client/database.ts";
import { foldOldEdits, journal } from "./stock_journal.ts";

/** What the journal and the orders say about an item, and how many edits it has. */
interface Books {
  /** Opening + edits - accepted; null where neither knows the item. */
  expected: number | null;
  /** The stock at the same moment; null where there is no row. */
  stock: number | null;
  edits: number;
}

/**
 * Sets the stock of an item, journalled in the same transaction; undefined where the row to add exists, or the row to
 * update does not.
 *
 * The journal's `was` is what the books say, not what the row says: a change made without the tools is settled by the
 * next edit. The books are summed up before the row is locked, because consumers wait for that lock. Their difference
 * from the row stays the same whatever consumers and tools do meanwhile, except for an edit that settles it too: then
 * the edit is tried again.
 */
export async function editItem(
  database: Database,
  { action, name, quantity }: ItemEdit,
): Promise<EditOutcome | undefined> {
  const item = nameKey(name);
  const books = await readBooks(database, item);
  return await database.transaction(async (session) => {
    const [row] = await session.query<{ quantity: number }>(
      "SELECT quantity FROM inventory WHERE item = $1 FOR UPDATE",
      [item],
    );
    if ((row !== undefined) !== (action === "update")) return undefined;
    const was = row === undefined ? books.expected : row.quantity - difference(books);
    if (was !== (row?.quantity ?? null)) await requireSameEdits(session, item, books);
    const statement = row === undefined
      ? "INSERT INTO inventory (item, quantity) VALUES ($1, $2)"
      : "UPDATE inventory SET quantity = $2 WHERE item = $1";
    await session.query(statement, [item, quantity]);
    await journal(session, [{ item, set: quantity, was }], "tool");
    await foldOldEdits(session, item);
    return { done: true, was: row?.quantity };
  });
}

function difference({ stock, expected }: Books): number {
  return (stock ?? 0) - (expected ?? 0);
}

/** One statement, and so one moment. In the orders an item may be spelt differently from its NFC form. */
async function readBooks(database: Database, item: string): Promise<Books> {
  const [books] = await database.query<Books & { accepted: number | null; changes: number | null }>(
    `SELECT
       (SELECT quantity FROM inventory WHERE item = $1) AS stock,
       (SELECT count(*) FROM stock_edits WHERE item = $1) AS edits,
       (SELECT sum(coalesce(set_to, 0) - coalesce(was, 0))::bigint FROM stock_edits WHERE item = $1) AS changes,
       (SELECT sum(quantity)::bigint FROM orders
         WHERE item = $1 OR (octet_length(item) > char_length(item) AND normalize(item, NFC) = $1)) AS accepted`,
    [item],
  );
  const { stock, edits, changes, accepted } = books;
  const isKnown = changes !== null || accepted !== null;
  return { stock, edits, expected: isKnown ? (changes ?? 0) - (accepted ?? 0) : null };
}

/** Two edits that settle one difference would settle it twice. */
async function requireSameEdits(session: Queries, item: string, { edits }: Books): Promise<void> {
  const [{ count }] = await session.query<{ count: number }>(
    "SELECT count(*) AS count FROM stock_edits WHERE item = $1",
    [item],
  );
  if (count !== edits) throw new Outage(EXIT.unavailable, `The stock of ${item} is being edited by others: try again`);
}
