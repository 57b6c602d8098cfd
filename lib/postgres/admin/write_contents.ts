import { chunks } from "../../chunks.ts";
import { nameKey } from "../../order.ts";
import type { AcceptedOrder, ItemBalance, RejectedOrder, StoreContents } from "../../store_admin.ts";
import { storable } from "../../store_contents.ts";
import type { Queries } from "../client/database.ts";
import type { IncomingStore } from "./incoming_store.ts";
import { journal } from "./stock_journal.ts";

/** Rows inserted at once. */
const CHUNK = 1_000;
const MICROSECONDS_A_MS = 1_000;

/**
 * Writes the contents of another store into an empty one that nobody else uses. Orders without a time of acceptance get
 * one each, in their order, up to now.
 */
export async function writeContents(store: IncomingStore, contents: StoreContents): Promise<void> {
  const since = Date.now() - Math.ceil(contents.accepted / MICROSECONDS_A_MS);
  let count = 0;
  for await (const orders of chunks(contents.orders(), CHUNK)) {
    const first = count;
    await insertOrders(store, orders.map((order, index) => ({ ...order, time: timeOf(order, since, first + index) })));
    count += orders.length;
  }
  for await (const orders of chunks<RejectedOrder>(contents.rejected(), CHUNK)) await insertRejected(store, orders);
  for await (const items of chunks(contents.items, CHUNK)) {
    await store.transaction((session) => insertItems(session, items));
  }
  for await (const users of chunks(contents.users, CHUNK)) {
    await store.query("INSERT INTO users (name, status) SELECT * FROM unnest($1::text[], $2::text[])", [
      users.map(({ name }) => nameKey(name)),
      users.map(({ status }) => status),
    ]);
  }
  await insertPartitions(store, contents);
}

/** As PostgreSQL reads it, to the microsecond. */
function timeOf({ accepted_at }: AcceptedOrder, since: number, index: number): string {
  if (accepted_at !== undefined) return new Date(accepted_at).toISOString();
  const ms = new Date(since + Math.floor(index / MICROSECONDS_A_MS)).toISOString().slice(0, -1);
  return `${ms}${String(index % MICROSECONDS_A_MS).padStart(3, "0")}Z`;
}

async function insertOrders(session: Queries, orders: readonly (AcceptedOrder & { time: string })[]): Promise<void> {
  await session.query(
    `INSERT INTO orders (order_id, user_name, item, quantity, created_at, topic, partition, "offset", remaining,
       replay_of, accepted_at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::int[],
       $8::bigint[], $9::bigint[], $10::text[], $11::timestamptz[])`,
    [
      orders.map(({ order_id }) => order_id),
      orders.map(({ user }) => user),
      orders.map(({ item }) => item),
      orders.map(({ quantity }) => quantity),
      orders.map(({ created_at }) => created_at),
      orders.map(({ topic }) => topic),
      orders.map(({ partition }) => partition),
      orders.map(({ offset }) => offset),
      orders.map(({ remaining }) => remaining),
      orders.map(({ replay_of }) => replay_of ?? null),
      orders.map(({ time }) => time),
    ],
  );
}

async function insertRejected(session: Queries, orders: readonly RejectedOrder[]): Promise<void> {
  await session.query(
    `INSERT INTO rejected (order_id, user_name, item, quantity, created_at, topic, partition, "offset", reason, status,
       stock, replay_of, rejected_at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::bigint[], $6::text[], $7::int[],
       $8::bigint[], $9::text[], $10::text[], $11::bigint[], $12::text[], $13::timestamptz[])`,
    [
      orders.map(({ order_id }) => storable(order_id)),
      orders.map(({ user }) => storable(user)),
      orders.map(({ item }) => storable(item)),
      orders.map(({ quantity }) => quantity),
      orders.map(({ created_at }) => created_at),
      orders.map(({ topic }) => topic),
      orders.map(({ partition }) => partition),
      orders.map(({ offset }) => offset),
      orders.map(({ reason }) => reason),
      orders.map(({ status }) => status ?? null),
      orders.map(({ stock }) => stock ?? null),
      orders.map(({ replay_of }) => replay_of === undefined ? null : storable(replay_of)),
      orders.map(({ rejected_at }) => new Date(rejected_at).toISOString()),
    ],
  );
}

/** An item's edits as two rows: what it was created with, and the sum of the others. */
async function insertItems(session: Queries, items: readonly ItemBalance[]): Promise<void> {
  const there = items.filter(({ stock }) => stock !== null);
  await session.query("INSERT INTO inventory (item, quantity) SELECT * FROM unnest($1::text[], $2::bigint[])", [
    there.map(({ item }) => nameKey(item)),
    there.map(({ stock }) => stock),
  ]);
  await journal(session, items.map(({ item, opening }) => ({ item, set: opening, was: null })), "tool");
  const edited = items.filter(({ edits }) => edits !== 0);
  const edits = edited.map(({ item, opening, edits }) => ({ item, set: opening + edits, was: opening }));
  await journal(session, edits, "tool");
}

async function insertPartitions(session: Queries, { partitions }: StoreContents): Promise<void> {
  for (const { topic, partition, ranges, position } of partitions) {
    await session.query(
      `INSERT INTO offset_ranges (topic, partition, from_offset, to_offset)
       SELECT $1, $2, * FROM unnest($3::bigint[], $4::bigint[])`,
      [topic, partition, ranges.map(({ from }) => from), ranges.map(({ to }) => to)],
    );
    if (position === undefined) continue;
    await session.query("INSERT INTO positions (topic, partition, position) VALUES ($1, $2, $3)", [
      topic,
      partition,
      position,
    ]);
  }
}
