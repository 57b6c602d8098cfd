import assert from "node:assert/strict";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { EXIT } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { valueSubject } from "../../lib/topics.ts";
import { type Finished, ownWorld, task } from "../support/commands.ts";
import { compactTopic, emptyBatches, leaveEmptyBatches } from "../support/compaction.ts";
import { testKafka, testRegistry } from "../support/kafka.ts";
import { sendRaw } from "../support/raw_records.ts";

const KEY = "no order";

Deno.test("every reader reads past batches that compaction left empty, data and markers", async (t) => {
  using world = ownWorld();
  const { env } = world;
  const topic = env.ORDERS_TOPIC;
  const kafka = createKafka(testKafka());
  const ok = async (name: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr }: Finished = await task(name, args, env);
    assert.equal(code, EXIT.ok, `${name} ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  };
  const orderNow = async (order_id: string) => {
    const schemaId = await registerOrderSchema(testRegistry(), valueSubject(topic));
    const order = { order_id, user: "alice", item: "book", quantity: 1, created_at: 1 };
    await sendRaw(topic, [{ key: order_id, value: encodeOrder(schemaId, order) }]);
  };
  await ok("bootstrap");
  await ensureTopics(testKafka(), topic);
  await compactTopic(kafka, topic);
  await orderNow("before");
  await leaveEmptyBatches(kafka, { topic, partition: 0 }, KEY);
  await orderNow("behind");

  await t.step("consume", async () => {
    assert.match(await ok("consume", "--until-end"), /2 accepted, 0 rejected, [1-9]\d* dead-lettered/);
    assert.match(await ok("consume", "--reset", "--until-end"), /2 accepted before, [1-9]\d* dead-lettered/);
  });
  await t.step("verify, with nothing missing", async () => {
    assert.equal(JSON.parse(await ok("verify", "--json")).ok, true);
  });
  await t.step("why, also of an order that is searched for in the whole topic", async () => {
    assert.match(await ok("why", "behind"), /accepted/);
    const none = await task("why", ["nowhere"], env);
    assert.deepEqual([none.code, none.stderr], [EXIT.failed, ""]);
    assert.match(none.stdout, /nothing is known/);
  });
  await t.step("dlq and replay --dlq, of a compacted dead-letter topic too", async () => {
    const dlq = `${topic}.dlq`;
    await compactTopic(kafka, dlq);
    await leaveEmptyBatches(kafka, { topic: dlq, partition: 0 }, "later");
    assert.match(await ok("dlq"), new RegExp(`from ${topic} partition 0`));
    await ok("replay", "--dlq", "--dry-run");
    assert.match(await ok("replay", "--dlq"), /[1-9]\d* sent in/);
    await ok("consume", "--until-end");
    await ok("verify");
  });
  const kinds = new Set((await emptyBatches(kafka, { topic, partition: 0 })).map(({ isMarker }) => isMarker));
  assert.equal(kinds.size, 2, "both kinds lie there still");
});
