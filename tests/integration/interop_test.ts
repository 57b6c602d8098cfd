import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { ownWorld, task } from "../support/commands.ts";
import { kafkaTool } from "../support/kafka_tools.ts";
import { testKafka, testRegistry } from "../support/kafka.ts";

const PYTHON = join(CHECKOUT, ".stack/python/bin/python");
const NO_PYTHON = !isThere(PYTHON);

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

async function python(action: string, topic: string, argument: string): Promise<string> {
  const script = join(CHECKOUT, "tests/support/confluent_client.py");
  const args = [script, action, testKafka().brokers.join(","), testRegistry().url, topic, argument];
  const { code, stdout, stderr } = await new Deno.Command(PYTHON, { args }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "Confluent's Python client reads what produce sent and sends an order that consume accepts" +
    (NO_PYTHON ? " (skipped: install tests/support/requirements.txt into .stack/python, as .ci/run does)" : ""),
  ignore: NO_PYTHON,
  async fn() {
    using world = ownWorld();
    const topic = world.env.ORDERS_TOPIC;
    await task("bootstrap", [], world.env);
    await task("produce", ["--count", "5", "--delay", "0"], world.env);
    const read = JSON.parse(await python("read", topic, "5"));
    assert.equal(read.length, 5);
    for (const order of read) assert.equal(order.key, order.item);

    const order = { order_id: "from-python", user: "alice", item: "book", quantity: 1, created_at: Date.now() };
    await python("write", topic, JSON.stringify(order));
    await task("consume", ["--until-end"], world.env);
    const log = Deno.readTextFileSync(join(world.storage, "orders.jsonl")).trim().split("\n");
    const logged = log.map((line) => JSON.parse(line)).find(({ order_id }) => order_id === "from-python");
    assert.deepEqual({ ...order, created_at: logged.created_at }, {
      order_id: logged.order_id,
      user: logged.user,
      item: logged.item,
      quantity: logged.quantity,
      created_at: order.created_at,
    });
  },
});

Deno.test("Kafka's own tools see the topic, the group and its lag", async () => {
  using world = ownWorld();
  const { ORDERS_TOPIC: topic, CONSUMER_GROUP_ID: group } = world.env;
  await task("bootstrap", [], world.env);
  await task("produce", ["--count", "6", "--delay", "0"], world.env);
  await task("consume", ["--max-messages", "4"], world.env);
  const described = await kafkaTool("org.apache.kafka.tools.TopicCommand", ["--describe", "--topic", topic]);
  assert.match(described, /PartitionCount: ?3/);
  const lag = await kafkaTool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", [
    "--describe",
    "--group",
    group,
  ]);
  const rows = lag.split("\n").map((row) => row.trim().split(/\s+/)).filter((row) => row[1] === topic);
  assert.equal(rows.length, 3, lag);
  assert.equal(rows.reduce((sum, row) => sum + Number(row[5]), 0), 2, lag);
});
