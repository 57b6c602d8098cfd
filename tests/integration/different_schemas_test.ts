import assert from "node:assert/strict";
import { ORDER_SCHEMA } from "../../lib/avro/order_schema.ts";
import { EXIT } from "../../lib/errors.ts";
import { deadLetterTopic, valueSubject } from "../../lib/topics.ts";
import { acceptedIn, task } from "../support/commands.ts";
import { readTopic, reasonsIn, sampleWorld, testRegistry } from "../support/kafka.ts";
import { sendRaw, wire } from "../support/raw_records.ts";
import { registerSchema, setCompatibility } from "../support/register_schema.ts";
import { RegistryStub } from "../support/registry_stub.ts";

const ADDRESS = { type: "record", name: "com.example.Address", fields: [{ name: "city", type: "string" }] };
const TO = { name: "to", type: ["null", "com.example.Address"], default: null };

/** The order schema with another type for a field; without one it has no such field. */
function withType(name: string, type?: unknown) {
  const fields = ORDER_SCHEMA.fields.map((field) => field.name === name ? { ...field, type } : field);
  return { ...ORDER_SCHEMA, fields: fields.filter(({ type }) => type !== undefined) };
}

/** The order schema with one more field. */
function withField(field: { name: string; type: unknown }) {
  return { ...ORDER_SCHEMA, fields: [...ORDER_SCHEMA.fields, field] };
}

const micros = { type: "long", logicalType: "timestamp-micros" };
const nanos = { type: "long", logicalType: "timestamp-nanos" };
const localMicros = { type: "long", logicalType: "local-timestamp-micros" };
const nullable = (type: unknown) => ["null", type];

/** Kind of schema, the fields as they go on the wire behind the order_id, and what becomes of the order. */
const DIFFERENT: [kind: string, schema: unknown, fields: Parameters<typeof wire>[1], verdict: string][] = [
  ["user nullable, given", withType("user", nullable("string")), [1, "alice", "book", 1, 1], "accepted"],
  ["user nullable, null", withType("user", nullable("string")), [0, "book", 1, 1], "invalid-name"],
  ["quantity long, fits an int", withType("quantity", "long"), ["alice", "book", 1, 1], "accepted"],
  ["a field without a default", withField({ name: "price", type: "double" }), [
    "alice",
    "book",
    1,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ], "accepted"],
  ["quantity long, 2^31", withType("quantity", "long"), ["alice", "book", 2 ** 31, 1], "invalid-quantity"],
  [
    "quantity a string",
    withType("quantity", "string"),
    ["alice", "book", "1", 1],
    "quantity cannot be read from string",
  ],
  ["quantity string or int, an int", withType("quantity", ["string", "int"]), ["alice", "book", 1, 1, 1], "accepted"],
  [
    "quantity string or int, a string",
    withType("quantity", ["string", "int"]),
    ["alice", "book", 0, "1", 1],
    "from string",
  ],
  ["quantity long, 2^40", withType("quantity", "long"), ["alice", "book", 2 ** 40, 1], "invalid-quantity"],
  ["quantity long, 2^53", withType("quantity", "long"), ["alice", "book", 2 ** 53, 1], "beyond 2^52"],
  ["quantity nullable, null", withType("quantity", nullable("int")), ["alice", "book", 0, 1], "invalid-quantity"],
  ["created_at removed", withType("created_at"), ["alice", "book", 1], "accepted"],
  ["created_at nullable, null", withType("created_at", nullable(micros)), ["alice", "book", 1, 0], "accepted"],
  ["created_at in micros", withType("created_at", micros), ["alice", "book", 1, 1_700_000_000_000_999n], "accepted"],
  [
    "created_at in local micros",
    withType("created_at", localMicros),
    ["alice", "book", 1, 1_700_000_000_000_999n],
    "accepted",
  ],
  ["created_at in nanos", withType("created_at", nanos), ["alice", "book", 1, 1_700_000_000_000_999_999n], "accepted"],
  ["created_at a time of day", withType("created_at", { ...micros, logicalType: "time-micros" }), [], "(time-micros)"],
  ["item removed", withType("item"), ["alice", 1, 1], "it has no item"],
  [
    "an array of 2^50 items",
    withType("item", nullable({ type: "array", items: "null" })),
    ["alice", 1, 2 ** 50],
    "item",
  ],
  [
    "another field with 2^50 items",
    withField({ name: "tags", type: { type: "array", items: "string" } }),
    ["alice", "book", 1, 1, 2 ** 50],
    "more items than bytes",
  ],
];

Deno.test("consume reads of an order what its schema lets it, and gives each a verdict", async (t) => {
  using world = await sampleWorld();
  const { topic, storage, env } = world;
  await setCompatibility(valueSubject(topic), "NONE");
  const startedAt = Date.now();
  const messages = [];
  for (const [kind, schema, fields] of DIFFERENT) {
    const id = await registerSchema(valueSubject(topic), { ...Object(schema), doc: topic });
    messages.push({ value: wire(id, [kind, ...fields]) });
  }
  await sendRaw(topic, messages);
  const { code, stderr } = await task("consume", ["--until-end", "--verbose"], env);
  assert.equal(code, EXIT.ok, stderr);
  const linesOf = (name: string) =>
    Deno.readTextFileSync(`${storage}/${name}`).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const accepted = new Map(linesOf("orders.jsonl").map((line) => [line.offset, line]));
  const rejected = new Map(linesOf("rejected.jsonl").map(({ offset, reason }) => [offset, reason]));
  const dead = new Map(
    (await readTopic(deadLetterTopic(topic))).map((
      { headers },
    ) => [Number(headers["__connect.errors.offset"]), headers["__connect.errors.exception.message"]]),
  );
  for (const [offset, [kind, , , verdict]] of DIFFERENT.entries()) {
    await t.step(`${kind}: ${verdict}`, () => {
      const found = accepted.has(offset) ? "accepted" : rejected.get(offset) ?? dead.get(offset);
      assert.ok(found === verdict || dead.has(offset) && found.includes(verdict), found);
    });
  }
  await t.step("created_at is in milliseconds, and the time of the record where it is not told", () => {
    const createdAt = (kind: string) => accepted.get(DIFFERENT.findIndex(([other]) => other === kind)).created_at;
    for (const kind of ["created_at in micros", "created_at in local micros", "created_at in nanos"]) {
      assert.equal(createdAt(kind), 1_700_000_000_000);
    }
    for (const kind of ["created_at removed", "created_at nullable, null"]) {
      assert.ok(createdAt(kind) >= startedAt && createdAt(kind) <= Date.now(), createdAt(kind));
    }
  });
  await t.step("verify is green", async () => assert.equal((await task("verify", [], env)).code, EXIT.ok));
});

Deno.test("an order whose schema refers to one that the registry has lost is read once that is back", async () => {
  await using registry = await RegistryStub.before(testRegistry().url);
  using world = await sampleWorld();
  const { topic } = world;
  const env = { ...world.env, SCHEMA_REGISTRY_URL: registry.url };
  const addresses = `${topic}-addresses`;
  await registerSchema(addresses, ADDRESS);
  const schema = withField(TO);
  const toAddress = { name: "com.example.Address", subject: addresses, version: 1 };
  const id = await registerSchema(valueSubject(topic), schema, { references: [toAddress] });
  await sendRaw(topic, [{ value: wire(id, ["referring", "alice", "book", 1, 1, 1, "Paris"]) }]);
  registry.lost = addresses;
  assert.match((await task("consume", ["--until-end"], env)).stdout, /0 accepted, 0 rejected, 1 dead-lettered/);
  const expected =
    `Schema ${id} refers to com.example.Address in version 1 of ${addresses}, which is not in the registry`;
  assert.deepEqual(await reasonsIn(topic), [expected]);

  registry.lost = undefined;
  assert.match((await task("dlq", [], env)).stdout, /"city":"Paris"/);
  assert.equal((await task("replay", ["--dlq"], env)).code, EXIT.ok);
  assert.match((await task("consume", ["--until-end"], env)).stdout, /^1 order: 1 accepted/m);
  assert.deepEqual(acceptedIn(world.storage), ["referring"]);
});

Deno.test("replay --dlq brings an order back that an older reader could not read", async () => {
  using world = await sampleWorld();
  const { topic, env } = world;
  await setCompatibility(valueSubject(topic), "NONE");
  const id = await registerSchema(valueSubject(topic), { ...withType("user", nullable("string")), doc: topic });
  await sendRaw(topic, []); // creates the topics
  await sendRaw(deadLetterTopic(topic), [{
    key: "book",
    value: wire(id, ["older", 1, "alice", "book", 1, 1]),
    headers: {
      "__connect.errors.topic": topic,
      "__connect.errors.partition": "0",
      "__connect.errors.offset": "0",
      "__connect.errors.exception.message": `Schema ${id} cannot be read as an order: cannot read null as string`,
    },
  }]);
  assert.equal((await task("replay", ["--dlq"], env)).code, EXIT.ok);
  assert.match((await task("consume", ["--until-end"], env)).stdout, /^1 order: 1 accepted/m);
  assert.deepEqual(acceptedIn(world.storage), ["older"]);
});
