import { nameKey } from "../../order.ts";
import type { Queries } from "../client/database.ts";

/** Edits of one item that are kept one by one; the older ones are summed up. */
const KEPT_EDITS = 500;
/** With so many edits of one item the older ones are summed up. */
const FOLD_ABOVE = 1_000;

/** A row of `stock_edits`: opening and edits of an item are the sum of `set - was`, where it begins with null. */
export interface JournalledEdit {
  item: string;
  /** The quantity from here on; null where the item is gone. */
  set: number | null;
  /** The quantity before; null where there was no such item. */
  was: number | null;
}

export type EditedBy = "tool" | "hand" | "bootstrap";

/** Journals edits; in the transaction that makes them. */
export async function journal(session: Queries, edits: readonly JournalledEdit[], by: EditedBy): Promise<void> {
  if (edits.length === 0) return;
  await session.query(
    `INSERT INTO stock_edits (edit_id, item, set_to, was, "by", edited_at)
     SELECT edit_id, item, set_to, was, $5, now()
     FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[]) AS given (edit_id, item, set_to, was)`,
    [
      edits.map(() => crypto.randomUUID()),
      edits.map(({ item }) => nameKey(item)),
      edits.map(({ set }) => set),
      edits.map(({ was }) => was),
      by,
    ],
  );
}

/**
 * Sums up the older edits of an item once there are very many, so that the journal is bounded by items and not by time.
 * In the transaction of an edit, which holds the item's row: no other edit of it comes in between.
 */
export async function foldOldEdits(session: Queries, item: string): Promise<void> {
  const [{ count }] = await session.query<{ count: number }>(
    "SELECT count(*) AS count FROM stock_edits WHERE item = $1",
    [item],
  );
  if (count <= FOLD_ABOVE) return;
  const old = await session.query<{ opening: number; edits: number; edited_at: string }>(
    `WITH old AS (
       DELETE FROM stock_edits WHERE edit_id IN (
         SELECT edit_id FROM stock_edits WHERE item = $1 ORDER BY edited_at DESC, edit_id OFFSET $2
       ) RETURNING set_to, was, edited_at
     )
     SELECT coalesce(sum(set_to) FILTER (WHERE was IS NULL), 0)::bigint AS opening,
       coalesce(sum(coalesce(set_to, 0) - was) FILTER (WHERE was IS NOT NULL), 0)::bigint AS edits,
       max(edited_at)::text AS edited_at
     FROM old`,
    [item, KEPT_EDITS],
  );
  const [{ opening, edits, edited_at }] = old;
  await session.query(
    `INSERT INTO stock_edits (edit_id, item, set_to, was, "by", edited_at)
     VALUES ($1, $3, $4, NULL, 'tool', $6), ($2, $3, $4::bigint + $5::bigint, $4, 'tool', $6)`,
    [crypto.randomUUID(), crypto.randomUUID(), item, opening, edits, edited_at],
  );
}
