import { hash } from "node:crypto";
import type { AcceptedOrder, RejectedOrder, StoreContents } from "./store_admin.ts";

/** A store in figures, under the names that a person reads. */
export type StoreSummary = Record<string, number>;

/** Counts the contents; two stores that hold the same have the same summary. */
export async function summarize(contents: StoreContents): Promise<StoreSummary> {
  const { users, items, partitions } = contents;
  const [orders, rejected, rows] = [new Digest(), new Digest(), new Digest()];
  for await (const order of contents.orders()) orders.add([...fieldsOf(order), order.remaining]);
  for await (const order of contents.rejected()) {
    const { reason, status, stock, rejected_at } = order;
    rejected.add([...fieldsOf(order), reason, status, stock, rejected_at]);
  }
  for (const { name, status } of users) rows.add(["user", name.normalize("NFC"), status]);
  const there = items.filter(({ stock }) => stock !== null);
  for (const { item, opening, edits, accepted, stock } of there) {
    rows.add(["item", item.normalize("NFC"), opening, edits, accepted, stock]);
  }
  const ranges = partitions.flatMap(({ ranges }) => ranges);
  for (const { topic, partition, ranges, position } of partitions) rows.add([topic, partition, ranges, position]);
  return {
    users: users.length,
    items: there.length,
    "pieces in stock": there.reduce((sum, { stock }) => sum + stock!, 0),
    "accepted orders": orders.count,
    "pieces sold": items.reduce((sum, { accepted }) => sum + accepted, 0),
    "rejected orders": rejected.count,
    "offsets read": ranges.reduce((sum, { from, to }) => sum + to - from, 0),
    "digest of the orders": orders.sum,
    "digest of the rejected": rejected.sum,
    "digest of the rest": rows.sum,
  };
}

/** Text that every store can hold: PostgreSQL has no NUL, UTF-8 no lone surrogate; only rejected orders have them. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\\u0000");
}

function fieldsOf({ order_id, user, item, quantity, created_at, topic, partition, offset, replay_of }: AnyOrder) {
  const texts = [order_id, user, item, replay_of ?? ""].map(storable);
  return [...texts, quantity, created_at, topic, partition, offset];
}

type AnyOrder = Pick<AcceptedOrder, keyof AcceptedOrder & keyof RejectedOrder>;

const DIGITS = 12;
const MODULUS = 16 ** DIGITS;

/** A number for a set of rows, whatever their order; a row that occurs twice counts twice. */
class Digest {
  count = 0;
  sum = 0;

  add(row: readonly unknown[]): void {
    const text = JSON.stringify(row.map((value) => value ?? null));
    this.sum = (this.sum + parseInt(hash("sha1", text).slice(0, DIGITS), 16)) % MODULUS;
    this.count++;
  }
}
