import assert from "node:assert/strict";
import { ORDER_SCHEMA } from "../../lib/avro/order_schema.ts";
import { registryHttp, RegistryUnavailable } from "../../lib/avro/registry_http.ts";
import type { SchemaReference } from "../../lib/avro/schema_references.ts";
import { registerOrderSchema, writerSchemas } from "../../lib/avro/schema_registry.ts";
import { EXIT, Failure, Outage } from "../../lib/errors.ts";
import { randomName, testRegistry } from "../support/kafka.ts";
import { registerSchema, setCompatibility } from "../support/register_schema.ts";

const ask = registryHttp(testRegistry());

/** Registers `schema` the way another client would; the registry's status and answer. */
async function registerAs(
  subject: string,
  schema: unknown,
  references: SchemaReference[] = [],
): Promise<{ status: number; id?: number }> {
  try {
    return { status: 200, id: await registerSchema(subject, schema, { references }) };
  } catch (error) {
    const status = /status (\d+)$/.exec((error as Error).message);
    if (status === null) throw error;
    return { status: Number(status[1]) };
  }
}

async function levelOf(subject: string): Promise<string> {
  return (await ask<{ compatibilityLevel: string }>(`/config/${subject}`))!.compatibilityLevel;
}

/** Runs `use` against a server that answers every request with `answer`. */
async function withServer(answer: () => Response | Promise<Response>, use: (url: string) => Promise<void>) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  try {
    await use(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

const withoutItem = { ...ORDER_SCHEMA, fields: ORDER_SCHEMA.fields.filter(({ name }) => name !== "item") };
const withNote = { ...ORDER_SCHEMA, fields: [...ORDER_SCHEMA.fields, { name: "note", type: "string", default: "" }] };
const micros = { type: "long", logicalType: "timestamp-micros" };
const strangeField = { ...ORDER_SCHEMA, fields: [...ORDER_SCHEMA.fields, { name: "price", type: "double" }] };

Deno.test("registerOrderSchema() gives the same id again", async () => {
  const subject = randomName();
  const id = await registerOrderSchema(testRegistry(), subject);
  assert.ok(id > 0);
  assert.equal(await registerOrderSchema(testRegistry(), subject), id);
});

Deno.test("registerOrderSchema() keeps schemas out that cannot read earlier orders, or whose orders ours cannot read", async () => {
  const subject = randomName();
  await registerOrderSchema(testRegistry(), subject);
  assert.equal(await levelOf(subject), "FULL");
  assert.equal((await registerAs(subject, strangeField)).status, 409);
  for (const [name, type] of Object.entries({ user: ["string", "null"], quantity: "long", created_at: undefined })) {
    assert.equal((await registerAs(subject, withType(name, type))).status, 409, name);
  }
  assert.equal((await registerAs(subject, withNote)).status, 200);
});

Deno.test("registerOrderSchema() does so also where another client registered first", async () => {
  const subject = randomName();
  await registerSchema(subject, ORDER_SCHEMA);
  await registerOrderSchema(testRegistry(), subject);
  await assert.rejects(registerSchema(subject, strangeField), /status 409$/);
});

for (const level of ["BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL_TRANSITIVE"]) {
  Deno.test(`registerOrderSchema() leaves a subject at ${level} that someone has set`, async () => {
    const subject = randomName();
    await registerAs(subject, ORDER_SCHEMA);
    await setCompatibility(subject, level);
    await registerOrderSchema(testRegistry(), subject);
    assert.equal(await levelOf(subject), level);
  });
}

function withType(name: string, type?: unknown) {
  const fields = ORDER_SCHEMA.fields.map((field) => field.name === name ? { ...field, type } : field);
  return { ...ORDER_SCHEMA, fields: fields.filter(({ type }) => type !== undefined) };
}

/** docs/bad-input.md, Schemas: the levels that let a change in. */
const CHANGES: [change: string, schema: object, ...levels: string[]][] = [
  ["a field with a default", withNote, "NONE", "BACKWARD", "FORWARD", "FULL"],
  ["a field without a default", strangeField, "NONE", "FORWARD"],
  ["a nullable user", withType("user", ["string", "null"]), "NONE", "BACKWARD"],
  ["quantity as a long", withType("quantity", "long"), "NONE", "BACKWARD"],
  ["no created_at", withType("created_at"), "NONE", "BACKWARD"],
  ["no item", withoutItem, "NONE", "BACKWARD"],
  ["created_at in microseconds", withType("created_at", micros), "NONE", "BACKWARD", "FORWARD", "FULL"],
  ["quantity as a string", withType("quantity", "string"), "NONE"],
];
for (const level of ["NONE", "BACKWARD", "FORWARD", "FULL"]) {
  Deno.test(`a registry at ${level} lets in what the table of schemas says`, async () => {
    for (const [change, schema, ...levels] of CHANGES) {
      const subject = randomName();
      await registerAs(subject, ORDER_SCHEMA);
      await setCompatibility(subject, level);
      assert.equal((await registerAs(subject, schema)).status, levels.includes(level) ? 200 : 409, change);
    }
  });
}

Deno.test("a level that is not transitive lets a field be taken away in two steps", async () => {
  for (const [level, status] of [["FULL", 200], ["FULL_TRANSITIVE", 409]] as const) {
    const subject = randomName();
    await registerAs(subject, ORDER_SCHEMA);
    await setCompatibility(subject, level);
    const fields = ORDER_SCHEMA.fields.map((field) => field.name === "item" ? { ...field, default: "" } : field);
    assert.equal((await registerAs(subject, { ...ORDER_SCHEMA, fields })).status, 200);
    assert.equal((await registerAs(subject, withoutItem)).status, status, level);
  }
});

Deno.test("registerOrderSchema() says in one line what differs and why the registry refuses, exit 78", async () => {
  const subject = randomName();
  await registerSchema(subject, withoutItem);
  await assert.rejects(registerOrderSchema(testRegistry(), subject), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.exit, EXIT.config);
    assert.match(
      error.message,
      new RegExp(
        `^The Schema Registry rejects .*${subject}: "item" \\(string\\) is not there and has no default here; .*item at /fields[^\n]*--topic\\)$`,
      ),
    );
    return true;
  });
});

Deno.test("registerOrderSchema() gives up on a registry that stays silent, once it has asked again, exit 69", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  try {
    const url = `http://127.0.0.1:${listener.addr.port}`;
    await assert.rejects(
      registerOrderSchema({ url }, "any"),
      (error) => error instanceof Failure && error.exit === EXIT.unavailable && error.message.includes(url),
    );
    assert.ok(connections.length > 1, `asked ${connections.length} times`);
  } finally {
    listener.close();
    await accepting;
    for (const connection of connections) connection.close();
  }
});

Deno.test("registerOrderSchema() gives up in its usual words when the machine was asleep while it waited", async () => {
  const clocks = [[Date, Date.now], [performance, performance.now.bind(performance)]] as const;
  const sleep = () => {
    for (const [clock, now] of clocks) clock.now = () => now() + 60_000;
  };
  let slept: ReturnType<typeof setTimeout> | undefined;
  const failing = () => {
    slept ??= setTimeout(sleep, 50); // between this attempt and the next
    return new Response("down", { status: 500 });
  };
  try {
    await withServer(failing, (url) =>
      assert.rejects(registerOrderSchema({ url }, "any"), (error) => {
        assert.ok(error instanceof Failure && error.exit === EXIT.unavailable);
        assert.match(error.message, /: No answer from http:/);
        return true;
      }));
  } finally {
    for (const [clock, now] of clocks) clock.now = now;
  }
});

Deno.test("find() gives the schemas of its own subject only", async () => {
  const [ours, theirs] = [randomName(), randomName()];
  const id = await registerOrderSchema(testRegistry(), ours);
  const foreign = await registerSchema(theirs, { ...withoutItem, doc: theirs });
  const schemas = writerSchemas(testRegistry(), ours);
  const found = await schemas.find(id);
  assert.ok("schema" in found);
  assert.deepEqual(JSON.parse(found.schema), ORDER_SCHEMA);
  assert.deepEqual(found.references, []);
  assert.deepEqual(await schemas.find(foreign!), { unusable: `Schema ${foreign} is not registered under ${ours}` });
});

Deno.test("find() gives a schema whose version was deleted, for messages outlive it", async () => {
  const subject = randomName();
  const id = await registerSchema(subject, { ...ORDER_SCHEMA, doc: subject });
  await registerSchema(subject, { ...withNote, doc: subject });
  await ask(`/subjects/${subject}/versions/1`, { method: "DELETE" });
  assert.ok("schema" in await writerSchemas(testRegistry(), subject).find(id));
});

Deno.test("find() gives the schemas that one refers to, each behind those that it refers to itself", async () => {
  const [cities, addresses, subject] = [randomName(), randomName(), randomName()];
  const city = { type: "enum", name: "City", namespace: "com.example", symbols: ["PARIS"] };
  const address = { type: "record", name: "com.example.Address", fields: [{ name: "city", type: "com.example.City" }] };
  const to = { name: "to", type: ["null", "com.example.Address"], default: null };
  const toCity = { name: "com.example.City", subject: cities, version: 1 };
  const toAddress = { name: "com.example.Address", subject: addresses, version: 1 };
  await registerOrderSchema(testRegistry(), subject);
  await registerAs(cities, city);
  await registerAs(addresses, address, [toCity]);
  const schema = { ...ORDER_SCHEMA, fields: [...ORDER_SCHEMA.fields, to] };
  const { id, status } = await registerAs(subject, schema, [toAddress]);
  assert.equal(status, 200);
  const found = await writerSchemas(testRegistry(), subject).find(id!);
  assert.ok("schema" in found, JSON.stringify(found));
  assert.deepEqual(JSON.parse(found.schema), schema);
  assert.deepEqual(found.references?.map((one) => JSON.parse(one)), [city, address]);
});

Deno.test("find() refuses an id that the registry does not know", async () => {
  for (const id of [2 ** 31 - 1, 0, -1]) {
    assert.deepEqual(await writerSchemas(testRegistry(), "any").find(id), { unusable: `Unknown schema id ${id}` });
  }
});

Deno.test("find() takes no failing or foreign server for an answer", async () => {
  const answers = [
    () => new Response("down", { status: 500 }),
    () => new Response("not here", { status: 404 }),
    () => Response.json({ status: 404 }, { status: 404 }),
    () => new Response("<html>welcome</html>"),
    () => Response.json({ welcome: true }),
    () => Response.json({ error_code: 40101 }, { status: 401 }),
  ];
  for (const answer of answers) {
    await withServer(answer, (url) => assert.rejects(writerSchemas({ url }, "any").find(1), Outage));
  }
});

Deno.test("find() takes no silence for an answer", async () => {
  const slow = () => new Promise<Response>((resolve) => setTimeout(() => resolve(new Response("[]")), 3_500));
  await withServer(slow, (url) => assert.rejects(writerSchemas({ url }, "any").find(1), RegistryUnavailable));
});
