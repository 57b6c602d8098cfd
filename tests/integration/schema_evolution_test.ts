import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import avro from "avsc";
import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { ORDER_SCHEMA } from "../../lib/avro/order_schema.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { EXIT } from "../../lib/errors.ts";
import { valueSubject } from "../../lib/topics.ts";
import { acceptedIn, eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { reasonsIn, sampleWorld, testRegistry } from "../support/kafka.ts";
import { sendRaw } from "../support/raw_records.ts";
import { registerSchema } from "../support/register_schema.ts";
import { RegistryStub } from "../support/registry_stub.ts";

const NOTE = { name: "note", type: "string", default: "" };

function order(order_id: string) {
  return { order_id, user: "alice", item: "book", quantity: 1, created_at: 1_700_000_000_000 };
}

/** `record` in the wire format, by a schema that is not ours. */
function encodeAs(schemaId: number, schema: unknown, record: unknown): Buffer {
  const header = Buffer.alloc(5);
  header.writeInt32BE(schemaId, 1);
  return Buffer.concat([header, avro.Type.forSchema(schema as avro.Schema).toBuffer(record)]);
}

Deno.test("consume accepts an order of a newer compatible schema", async () => {
  using world = await sampleWorld();
  const newer = { ...ORDER_SCHEMA, namespace: "com.example", fields: [NOTE, ...ORDER_SCHEMA.fields] };
  const id = await registerSchema(valueSubject(world.topic), newer);
  await sendRaw(world.topic, [{ value: encodeAs(id, newer, { ...order("newer"), note: "a gift" }) }]);
  const { code, stdout, stderr } = await task("consume", ["--until-end"], world.env);
  assert.equal(code, EXIT.ok, stderr);
  assert.match(stdout, /^1 order: 1 accepted/m);
  assert.deepEqual(acceptedIn(world.storage), ["newer"]);
});

Deno.test("consume decodes schemas of its own subject only, however much like an order they are", async () => {
  using world = await sampleWorld();
  const foreign = await registerSchema(`${world.topic}-other`, { ...ORDER_SCHEMA, doc: world.topic });
  await sendRaw(world.topic, [{ value: encodeOrder(foreign, order("foreign")) }]);
  assert.match((await task("consume", ["--until-end"], world.env)).stdout, /0 accepted, 0 rejected, 1 dead-lettered/);
  const expected = `Schema ${foreign} is not registered under ${valueSubject(world.topic)}`;
  assert.deepEqual(await reasonsIn(world.topic), [expected]);
});

Deno.test("produce says which fields differ where another schema was registered before, exit 78", async () => {
  using world = ownWorld();
  const fields = ORDER_SCHEMA.fields.filter(({ name }) => name !== "item").map((field) =>
    field.name === "user" ? { ...field, type: "int" } : field
  );
  await task("bootstrap", [], world.env);
  await registerSchema(valueSubject(world.env.ORDERS_TOPIC), { ...ORDER_SCHEMA, fields });
  const { code, stderr } = await task("produce", ["--count", "1"], world.env);
  assert.equal(code, EXIT.config);
  assert.match(stderr, /^error: .*"item" \(string\) is not there and has no default here; "user" is int there, string/);
  assert.equal(stderr.trim().split("\n").length, 1);
});

Deno.test("consume asks the registry once about an id that it does not know, however often it comes", async () => {
  await using registry = await RegistryStub.before(testRegistry().url);
  using world = await sampleWorld();
  const unknown = encodeOrder(2 ** 31 - 1, order("unknown"));
  await sendRaw(world.topic, Array.from({ length: 1_500 }, (_, index) => ({ value: unknown, partition: index % 3 })));
  const env = { ...world.env, SCHEMA_REGISTRY_URL: registry.url };
  const { stdout } = await task("consume", ["--until-end"], env);
  assert.match(stdout, /1500 orders: 0 accepted, 0 rejected, 1500 dead-lettered/);
  assert.equal(registry.passed.filter((path) => path.includes("/schemas/ids/")).length, 1, registry.passed.join(" "));
});

Deno.test("consume takes no trouble of the registry for poison: 500, silence, a page, 401, 403", async (t) => {
  await using registry = await RegistryStub.before(testRegistry().url);
  using world = await sampleWorld();
  await using consumer = startTask("consume", [], { ...world.env, SCHEMA_REGISTRY_URL: registry.url });
  await sendRaw(world.topic, [{
    value: encodeOrder(await registerOrderSchema(testRegistry(), valueSubject(world.topic)), order("first")),
  }]);
  const accepted = (id: string) =>
    eventually(`${id} is accepted`, () => acceptedIn(world.storage).includes(id) || undefined);
  await accepted("first");
  for (const mood of ["failing", "slow", "a page", "closed", "forbidding"] as const) {
    await t.step(mood, async () => {
      const id = await registerSchema(valueSubject(world.topic), { ...ORDER_SCHEMA, doc: world.topic + mood });
      registry.setMood(mood);
      await sendRaw(world.topic, [{ value: encodeOrder(id, order(mood)) }]);
      await eventually("the consumer asks again", () => registry.failed >= 2 || undefined);
      assert.deepEqual(await reasonsIn(world.topic), []);
      assert.ok(!acceptedIn(world.storage).includes(mood));
      registry.setMood("well");
      await accepted(mood);
    });
  }
  consumer.signal("SIGTERM");
  const { code, stderr } = await consumer.end;
  assert.equal(code, EXIT.ok);
  assert.match(stderr, /warning: No answer from .*\/schemas\/ids\/\d+\/versions/);
  assert.match(
    stderr,
    /warning: The Schema Registry denies access to this client without a login \(status 401 to GET /,
  );
  assert.match(
    stderr,
    /warning: The Schema Registry denies access to this client without a login \(status 403 to GET /,
  );
  assert.deepEqual(await reasonsIn(world.topic), []);
});
