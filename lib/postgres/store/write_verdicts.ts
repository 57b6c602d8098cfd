import { nameKey } from "../../order.ts";
import type { PartitionRange } from "../../ports.ts";
import { storable } from "../../store_contents.ts";
import type { Rejected, Verdicts } from "../../verdicts.ts";
import type { Queries } from "../client/database.ts";

/**
 * Writes the verdicts on a batch, one statement per table. Rows are inserted in the order of their key: two
 * transactions that insert the same ones in different orders would wait for each other.
 */
export async function writeVerdicts(session: Queries, batch: PartitionRange, verdicts: Verdicts) {
  const { topic, partition, from, to } = batch;
  // Records that are read again are judged again.
  await session.query(
    `DELETE FROM rejected WHERE topic = $1 AND partition = $2 AND "offset" >= $3 AND "offset" < $4`,
    [topic, partition, from, to],
  );
  if (verdicts.rejected > 0) await insertRejected(session, batch, verdicts.allRejected());
  if (verdicts.accepted === 0) return;
  await insertOrders(session, verdicts);
  await updateStock(session, verdicts);
}

/** Without ON CONFLICT: an `order_id` that another partition has accepted meanwhile makes the transaction fail. */
async function insertOrders(session: Queries, verdicts: Verdicts) {
  const { orders } = verdicts;
  const { names, user, item, quantity, createdAt, offset } = orders;
  const rows = verdicts.acceptedRows();
  await session.query(
    `INSERT INTO orders (topic, partition, accepted_at,
       order_id, user_name, item, quantity, created_at, "offset", remaining, replay_of)
     SELECT $1, $2, now(), given.*
     FROM unnest($3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[])
       AS given (order_id, user_name, item, quantity, created_at, "offset", remaining, replay_of)
     ORDER BY given.order_id`,
    [
      orders.topic,
      orders.partition,
      rows.map((row) => orders.orderId(row)),
      rows.map((row) => names.text(user[row])),
      rows.map((row) => names.text(item[row])),
      rows.map((row) => quantity[row]),
      rows.map((row) => createdAt[row]),
      rows.map((row) => offset[row]),
      rows.map((row) => verdicts.remaining(row)),
      rows.map((row) => orders.replayOf(row) ?? null),
    ],
  );
}

async function insertRejected(session: Queries, { topic, partition }: PartitionRange, rejected: readonly Rejected[]) {
  const orders = rejected.map(({ received }) => received.order);
  await session.query(
    `INSERT INTO rejected (topic, partition, rejected_at,
       "offset", order_id, user_name, item, quantity, created_at, reason, status, stock, replay_of)
     SELECT $1, $2, now(), given.*
     FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::bigint[], $9::text[], $10::text[],
         $11::bigint[], $12::text[])
       AS given ("offset", order_id, user_name, item, quantity, created_at, reason, status, stock, replay_of)
     ORDER BY given."offset"`,
    [
      topic,
      partition,
      rejected.map(({ received }) => received.at.offset),
      orders.map(({ order_id }) => storable(order_id)),
      orders.map(({ user }) => storable(user)),
      orders.map(({ item }) => storable(item)),
      orders.map(({ quantity }) => quantity),
      orders.map(({ created_at }) => created_at),
      rejected.map(({ reason }) => reason),
      rejected.map(({ status }) => status ?? null),
      rejected.map(({ stock }) => stock ?? null),
      rejected.map(({ received }) => received.replayOf ?? null),
    ],
  );
}

/** What the last order of each item left; the rows are locked. */
async function updateStock(session: Queries, verdicts: Verdicts) {
  const { names, item } = verdicts.orders;
  const left = new Map(verdicts.acceptedRows().map((row) => [item[row], verdicts.remaining(row)]));
  const stock = new Map<string, number>();
  for (const [name, remaining] of left) {
    const key = nameKey(names.text(name));
    stock.set(key, Math.min(remaining, stock.get(key) ?? Infinity)); // of two spellings, the later one left less
  }
  await session.query(
    `UPDATE inventory SET quantity = left_over.quantity
     FROM unnest($1::text[], $2::bigint[]) AS left_over (item, quantity)
     WHERE inventory.item = left_over.item`,
    [[...stock.keys()], [...stock.values()]],
  );
}
