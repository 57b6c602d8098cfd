import type { BeginProgress } from "../../progress.ts";
import type { MovedPartition, RejectedOrder, StoreContents } from "../../store_admin.ts";
import type { Queries } from "../client/database.ts";
import { orderStream } from "./accepted_slice.ts";
import { balanceOf, rangesRead } from "./audit.ts";
import { type Bound, boundsOf, PAGE, pages, REJECTED_COLUMNS, withoutNulls } from "./rows.ts";

/** All that a store holds; in a transaction of its own, as of its moment. Memory is bounded by items and partitions. */
export async function postgresContents(session: Queries, begin: BeginProgress): Promise<StoreContents> {
  await session.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
  // Between two reads, what was read is written elsewhere.
  await session.query("SET LOCAL idle_in_transaction_session_timeout = 0");
  const bounds = { orders: await boundsOf(session, "orders"), rejected: await boundsOf(session, "rejected") };
  return {
    ...await balanceOf(session, () => {}, { begin }),
    users: await session.query("SELECT name, status FROM users ORDER BY name"),
    partitions: await partitionsOf(session),
    orders: () => orderStream(session, bounds.orders),
    rejected: () => rejectedStream(session, bounds.rejected),
    rejectedByOffset: () => bounds.rejected.map((bound) => ({ ...bound, orders: rejectedStream(session, [bound]) })),
  };
}

async function partitionsOf(session: Queries): Promise<MovedPartition[]> {
  const partitions = new Map<string, MovedPartition>();
  for (const read of await rangesRead(session)) partitions.set(keyOf(read), read);
  const positions = await session.query<{ topic: string; partition: number; position: number }>(
    "SELECT topic, partition, position FROM positions ORDER BY topic, partition",
  );
  for (const at of positions) partitions.set(keyOf(at), { ranges: [], ...partitions.get(keyOf(at)), ...at });
  return [...partitions.values()];
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

async function* rejectedStream(session: Queries, bounds: readonly Bound[]): AsyncGenerator<RejectedOrder> {
  for (const { topic, partition } of bounds) {
    yield* pages(async (after) => {
      const rows = await session.query<RejectedOrder>(
        `SELECT ${REJECTED_COLUMNS} FROM rejected WHERE topic = $1 AND partition = $2 AND ("offset", order_id) > ($3, $4)
         ORDER BY "offset", order_id LIMIT ${PAGE}`,
        [topic, partition, after.offset, after.order_id],
      );
      return rows.map(withoutNulls);
    });
  }
}
