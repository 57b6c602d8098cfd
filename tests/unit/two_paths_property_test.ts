import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { encodeOrder, OrderDecoder } from "../../lib/avro/order_codec.ts";
import { ORDER_SCHEMA } from "../../lib/avro/order_schema.ts";
import { repetition } from "../../lib/accept_once.ts";
import { decodeBatch } from "../../lib/decode_batch.ts";
import { writeAccepted, writeOrders } from "../../lib/files/log/order_lines.ts";
import { Judge, type StoreView } from "../../lib/judge_batch.ts";
import { FetchedRecords } from "../../lib/kafka/protocol/fetched_records.ts";
import { RecordBatch } from "../../lib/kafka/protocol/record_batch.ts";
import { nameKey, type ReceivedOrder } from "../../lib/order.ts";
import type { OrderBatch } from "../../lib/ports.ts";
import type { Outcome } from "../../lib/verdicts.ts";
import { batchOf, bounds, type Given } from "../support/batch_bytes.ts";
import { decide } from "../support/decide.ts";

// What nearly every record takes is bytes and columns; the same rules in their plainest form are here, on objects.

const pure = { permissions: "none" } as const;
const OURS = { schema: JSON.stringify(ORDER_SCHEMA) };
/** Another schema with the same bytes: the way of orders that are not written with our own. */
const OTHER = {
  schema: JSON.stringify({ ...ORDER_SCHEMA, fields: [...ORDER_SCHEMA.fields, { name: "x", type: "null" }] }),
};

const anyId = fc.oneof(
  fc.constantFrom("1", "2", "3", "", 'a"b', "gr\u00fc\u00df", "x".repeat(256), "x".repeat(257), "__proto__", "\x1b"),
  fc.uuid(),
);
const anyOrder = fc.record({
  order_id: anyId,
  user: fc.constantFrom("alice", "alice", "alice", "bob", "eve", "__proto__", "", "\u202e"),
  item: fc.constantFrom("book", "book", "pen", "caf\u00e9", "cafe\u0301", 'q"', "car", "constructor", ""),
  quantity: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: -1, max: 0 }), fc.constant(2 ** 31 - 1)),
  created_at: fc.constantFrom(0, 1, 1_700_000_000_000),
});
const anyHeaders: fc.Arbitrary<Given["headers"]> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Given["headers"]>([]) },
  fc.tuple(fc.constantFrom("replay_of", "trace"), fc.constantFrom("1", "", "\x1b[2J").map((text) => Buffer.from(text)))
    .map((header): Given["headers"] => [header]),
);
/** Orders, some with bytes changed or missing, and what was never one. */
const anyRecord: fc.Arbitrary<Given> = fc.record({
  order: anyOrder,
  changes: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 2 }),
  ),
  less: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(40)),
  isNull: fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, fc.constant(true)),
  headers: anyHeaders,
}).map(({ order, changes, less, isNull, headers }) => {
  const value = Buffer.from(encodeOrder(1, order));
  for (const [at, byte] of changes) if (at < value.length) value[at] = byte;
  return {
    key: Buffer.from("k"),
    value: isNull ? null : value.subarray(0, value.length - less),
    headers,
    timestampDelta: 0,
  };
});
const anyBatches = fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 25 }), { minLength: 1, maxLength: 4 });

async function decoded(decoder: OrderDecoder, bytes: Buffer): Promise<OrderBatch> {
  const [batch] = RecordBatch.readAll(bytes, bounds());
  const records = new FetchedRecords(batch.count);
  batch.reader(0).fill(records);
  await decoder.prepare(records);
  return decodeBatch({ topic: "orders", partition: 1, from: 100, to: 200, records }, decoder);
}

/** A store in its simplest form. */
class Model {
  readonly users = new Map([["alice", "paid"], ["__proto__", "paid"], ["bob", "unpaid"]]);
  readonly items = new Map(
    ["book", "pen", "caf\u00e9", 'q"', "constructor"].map((name) => [nameKey(name), { quantity: 12 }]),
  );
  readonly accepted = new Map<string, ReceivedOrder>();

  view({ orders }: OrderBatch): StoreView {
    return {
      version: 1,
      user: (name) => this.users.has(name) ? { name, status: this.users.get(name)! } : undefined,
      item: (name) => this.items.get(nameKey(name)),
      accepted: (row) => this.accepted.get(orders.orderId(row)),
    };
  }

  /** Decides one order and applies that at once. */
  judge(received: ReceivedOrder): Outcome {
    const { order } = received;
    const status = this.users.get(order.user);
    const item = this.items.get(nameKey(order.item));
    const decision = decide(
      order,
      status === undefined ? undefined : { name: order.user, status },
      item && { name: "", ...item },
    );
    const earlier = this.accepted.get(order.order_id);
    if (earlier !== undefined && !decision.startsWith("invalid")) return repetition(received, earlier);
    if (decision !== "accepted") return decision;
    item!.quantity -= order.quantity;
    this.accepted.set(order.order_id, received);
    return decision;
  }
}

Deno.test(
  "bytes in columns get the orders, dead letters, verdicts and lines that objects get, whatever the bytes",
  pure,
  async () => {
    let [orders, accepted, dead] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(anyBatches, async (batches) => {
        const [fast, slow] = [OURS, OTHER].map((schema) => new OrderDecoder({ find: () => Promise.resolve(schema) }));
        const [judge, ofColumns, ofObjects] = [new Judge(), new Model(), new Model()];
        const deliveries = [...batches.entries(), [0, batches[0]] as const]; // the first again, as after a kill
        for (const [index, given] of deliveries) {
          const bytes = batchOf(given, { firstOffset: 100 * index });
          const [batch, objects] = [await decoded(fast, bytes), await decoded(slow, bytes)];
          assert.deepEqual([...batch.orders], [...objects.orders]);
          assert.deepEqual(batch.deadLetters, objects.deadLetters);
          const verdicts = judge.judge(batch.orders, ofColumns.view(batch));
          const before = new Map([...ofObjects.items].map(([name, { quantity }]) => [name, quantity]));
          const all = [...objects.orders].map((received) => ({ received, outcome: ofObjects.judge(received) }));
          assert.deepEqual(verdicts.outcomes.slice(0, verdicts.length), all.map(({ outcome }) => outcome));
          const rejected = all.filter(({ outcome }) => outcome !== "accepted" && outcome !== "redelivered");
          assert.equal(verdicts.rejected, rejected.length);
          const acceptances = all.filter(({ outcome }) => outcome === "accepted").map(({ received }) => {
            const key = nameKey(received.order.item);
            before.set(key, before.get(key)! - received.order.quantity);
            return { received, remaining: before.get(key)! };
          });
          const lines = new TextDecoder().decode(writeAccepted(verdicts, 7).bytes);
          assert.equal(lines, new TextDecoder().decode(writeOrders(acceptances, 7).bytes));
          for (const row of verdicts.acceptedRows()) {
            (verdicts.items[row] as { quantity: number }).quantity = verdicts.remaining(row); // as a store does, once durable
            ofColumns.accepted.set(batch.orders.orderId(row), batch.orders.at(row));
          }
          assert.deepEqual(ofColumns.items, ofObjects.items);
          [orders, accepted, dead] = [
            orders + all.length,
            accepted + verdicts.accepted,
            dead + batch.deadLetters.length,
          ];
        }
      }),
      { numRuns: 400 },
    );
    assert.ok(accepted > 100 && dead > 100 && orders > 2 * accepted, `${orders} ${accepted} ${dead}`);
  },
);
