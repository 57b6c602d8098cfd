import assert from "node:assert/strict";
import { EXIT } from "../../lib/errors.ts";
import { task } from "../support/commands.ts";
import { readTopic, sampleWorld } from "../support/kafka.ts";
import { KIND, OtlpCollector, type Span } from "../support/otlp_collector.ts";

const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-01$/;

async function ok(name: string, args: string[], env: Record<string, string>): Promise<void> {
  const { code, stderr } = await task(name, args, env);
  assert.equal(code, EXIT.ok, `deno task ${name}: ${stderr}`);
}

const nameOf = ({ traceId, spanId }: { traceId: string; spanId: string }) => `${traceId}-${spanId}`;
const sizesOf = (spans: readonly Span[]) =>
  spans.reduce((sum, { attributes }) => sum + Number(attributes["messaging.batch.message_count"]), 0);

Deno.test("with OTEL_DENO=true each send and each batch is a span, linked by traceparent", async (t) => {
  using world = await sampleWorld();
  using collector = await OtlpCollector.start();
  const env = { ...world.env, ...collector.env };
  const { topic } = world;
  await ok("produce", ["--count", "12", "--delay", "0"], env);
  await ok("produce", ["--count", "3", "--rate", "50", "--mix", "poison=100"], env);
  await ok("consume", ["--until-end"], env);
  await collector.refresh();
  const [sends, batches] = [collector.spans(KIND.producer), collector.spans(KIND.consumer)];

  await t.step("each order carries the span of its send", async () => {
    const parents = (await readTopic(topic)).map(({ headers }) => TRACEPARENT.exec(headers.traceparent));
    assert.equal(parents.length, 15);
    const named = new Set(parents.map((parent) => `${parent?.[1]}-${parent?.[2]}`));
    assert.deepEqual(named, new Set(sends.map(nameOf)));
  });

  await t.step("each batch is linked to the sends of its orders", () => {
    const links = batches.flatMap((batch) => batch.links.map(nameOf));
    assert.deepEqual(new Set(links), new Set(sends.map(nameOf)));
    for (const batch of batches) assert.equal(new Set(batch.links.map(nameOf)).size, batch.links.length);
  });

  await t.step("spans and metrics have the names of the semantic conventions", () => {
    const common = { "messaging.system.name": "kafka", "messaging.destination.name": topic };
    for (const { name, attributes: { "messaging.batch.message_count": size, ...attributes } } of sends) {
      assert.equal(name, `send ${topic}`);
      assert.ok(Number(size) > 0);
      const operation = { "messaging.operation.name": "send", "messaging.operation.type": "send" };
      assert.deepEqual(attributes, { ...common, ...operation });
    }
    for (const { name, attributes: { "messaging.batch.message_count": _size, ...attributes } } of batches) {
      assert.equal(name, `process ${topic}`);
      const partition = attributes["messaging.destination.partition.id"];
      assert.match(String(partition), /^[012]$/);
      assert.deepEqual(attributes, {
        ...common,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": world.env.CONSUMER_GROUP_ID,
        "messaging.destination.partition.id": partition,
      });
    }
    assert.deepEqual([sizesOf(sends), sizesOf(batches)], [15, 15]);
    assert.equal(collector.metric("messaging.client.sent.messages"), 15);
    assert.equal(collector.metric("messaging.client.consumed.messages"), 15);
    assert.equal(collector.metric("messaging.process.duration"), batches.length);
  });

  await t.step("a replay is a send too, and a dead letter keeps the span of its sender", async () => {
    await ok("replay", ["--originals"], env);
    await collector.refresh();
    assert.equal(collector.spans(KIND.producer).length, sends.length + 1);
    const deadLetters = await readTopic(`${topic}.dlq`);
    assert.ok(deadLetters.length > 0);
    for (const { headers } of deadLetters) assert.match(headers.traceparent, TRACEPARENT);
  });
});

Deno.test("without OTEL_DENO no order has a traceparent", async () => {
  using world = await sampleWorld();
  await ok("produce", ["--count", "5", "--delay", "0"], world.env);
  const messages = await readTopic(world.topic);
  assert.equal(messages.length, 5);
  for (const { rawHeaders } of messages) assert.deepEqual(rawHeaders, []);
});

Deno.test("a collector that is away changes nothing but the spans", async () => {
  using world = await sampleWorld();
  const env = { ...world.env, OTEL_DENO: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  await ok("produce", ["--count", "5", "--delay", "0"], env);
  const { code, stdout, stderr } = await task("consume", ["--until-end", "--log", "json"], env);
  assert.deepEqual([code, stdout], [EXIT.ok, ""]);
  for (const line of stderr.trim().split("\n")) JSON.parse(line);
});
