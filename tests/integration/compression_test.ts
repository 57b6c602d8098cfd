import assert from "node:assert/strict";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { ownWorld, task } from "../support/commands.ts";
import { kafkaTool } from "../support/kafka_tools.ts";
import { readTopic, testKafka } from "../support/kafka.ts";

/** Enough to fill several blocks of every codec: text that shrinks, and hardly shrinks. */
const LINES = Array.from({ length: 300 }, (_, index) => {
  const repeated = "an order that is none ".repeat(10);
  const random = crypto.getRandomValues(new Uint8Array(300)).toBase64();
  return `${index} ${repeated} ${random}`;
});

Deno.test("consume reads what Kafka's own producer has compressed, with every codec", async (t) => {
  using world = ownWorld();
  const topic = world.env.ORDERS_TOPIC;
  const codecs = ["gzip", "snappy", "lz4", "zstd"];
  await ensureTopics(testKafka(), topic);
  await Promise.all(codecs.map((codec) => {
    const args = ["--topic", topic, "--compression-codec", codec, "--batch-size", "500000", "--timeout", "5000"];
    return kafkaTool(
      "org.apache.kafka.tools.ConsoleProducer",
      args,
      LINES.map((line) => `${codec} ${line}\n`).join(""),
    );
  }));
  await task("bootstrap", [], world.env);
  const { code, stdout, stderr } = await task("consume", ["--until-end"], world.env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^${codecs.length * LINES.length} orders: .* dead-lettered`, "m"));
  const found = (await readTopic(`${topic}.dlq`)).map(({ value }) => new TextDecoder().decode(value!));
  for (const codec of codecs) {
    await t.step(codec, () => {
      const lines = found.filter((line) => line.startsWith(codec)).map((line) => line.slice(codec.length + 1));
      assert.deepEqual(new Set(lines), new Set(LINES));
    });
  }
});
