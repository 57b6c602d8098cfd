import assert from "node:assert/strict";
import type { Transaction } from "kafkajs";
import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { EXIT } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { disconnect } from "../../lib/kafka/client/disconnect.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { valueSubject } from "../../lib/topics.ts";
import { ownWorld, task } from "../support/commands.ts";
import { readTopic, testKafka, testRegistry } from "../support/kafka.ts";

/** Runs `work` with two transactions at once, each of a producer of its own. */
async function withTransactions(work: (one: Transaction, other: Transaction) => Promise<void>): Promise<void> {
  const kafka = createKafka(testKafka());
  const producers = [1, 2].map(() =>
    kafka.producer({ transactionalId: crypto.randomUUID(), maxInFlightRequests: 1, idempotent: true })
  );
  try {
    for (const producer of producers) await producer.connect();
    await work(await producers[0].transaction(), await producers[1].transaction());
  } finally {
    for (const producer of producers) await disconnect(producer);
  }
}

Deno.test("consume takes no order of an aborted transaction, wherever among several it begins to read", async () => {
  using world = ownWorld();
  const { env } = world;
  const topic = env.ORDERS_TOPIC;
  await task("bootstrap", [], env);
  await ensureTopics(testKafka(), topic);
  const schemaId = await registerOrderSchema(testRegistry(), valueSubject(topic));
  const send = (transaction: Transaction, order_id: string) => {
    const value = encodeOrder(schemaId, { order_id, user: "alice", item: "book", quantity: 1, created_at: 1 });
    return transaction.send({ topic, messages: [{ partition: 0, value }] });
  };
  await withTransactions(async (one, other) => {
    await send(one, "aborted-0");
    await send(other, "aborted-1");
    await send(other, "aborted-2");
    await send(one, "aborted-3");
    await other.abort();
    await one.abort();
  });
  await withTransactions(async (one, other) => {
    await send(one, "committed-6");
    await send(other, "aborted-7");
    await send(one, "committed-8");
    await other.abort();
    await one.commit();
  });
  assert.deepEqual((await readTopic(topic)).map(({ offset }) => offset), [6, 8]);
  for (const from of [0, 1, 2, 3, 4]) {
    const group = `${env.CONSUMER_GROUP_ID}-${from}`;
    const where = ["--group", group, "--reset", "--reset-to", `${from}`, "--partitions", "0"];
    const { code, stdout, stderr } = await task("consume", [...where, "--until-end"], env);
    assert.equal(code, EXIT.ok, stderr);
    assert.match(
      stdout,
      /^2 orders: (2 accepted|0 accepted, 0 rejected, 2 accepted before)/m,
      `from ${from}: ${stdout}`,
    );
  }
  const { code, stdout } = await task("verify", [], env);
  assert.equal(code, EXIT.ok, stdout);
});
