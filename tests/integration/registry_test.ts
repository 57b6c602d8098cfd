import assert from "node:assert/strict";
import { ORDER_SCHEMA } from "../../lib/avro/order_schema.ts";
import { registryHttp, RegistryUnavailable } from "../../lib/avro/registry_http.ts";
import { registerOrderSchema, writerSchemas } from "../../lib/avro/schema_registry.ts";
import { EXIT, Failure, Outage } from "../../lib/errors.ts";
import { randomName, testRegistry } from "../support/kafka.ts";
import { registerSchema } from "../support/register_schema.ts";

const ask = registryHttp(testRegistry());

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
const strangeField = { ...ORDER_SCHEMA, fields: [...ORDER_SCHEMA.fields, { name: "price", type: "double" }] };

Deno.test("registerOrderSchema() gives the same id again", async () => {
  const subject = randomName();
  const id = await registerOrderSchema(testRegistry(), subject);
  assert.ok(id > 0);
  assert.equal(await registerOrderSchema(testRegistry(), subject), id);
});

Deno.test("registerOrderSchema() keeps schemas out that cannot read earlier orders", async () => {
  const subject = randomName();
  await registerOrderSchema(testRegistry(), subject);
  await assert.rejects(registerSchema(subject, strangeField), /status 409$/);
  await registerSchema(subject, withNote);
});

Deno.test("registerOrderSchema() does so also where another client registered first", async () => {
  const subject = randomName();
  await registerSchema(subject, ORDER_SCHEMA);
  await registerOrderSchema(testRegistry(), subject);
  await assert.rejects(registerSchema(subject, strangeField), /status 409$/);
});

Deno.test("registerOrderSchema() leaves a stricter level as it is", async () => {
  const subject = randomName();
  await registerSchema(subject, ORDER_SCHEMA);
  await ask(`/config/${subject}`, { method: "PUT", body: { compatibility: "FULL" } });
  await registerOrderSchema(testRegistry(), subject);
  assert.deepEqual(await ask(`/config/${subject}`), { compatibilityLevel: "FULL" });
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
        `^The Schema Registry refuses .*${subject}: "item" \\(string\\) is not there and has no default here; .*item at /fields[^\n]*--topic\\)$`,
      ),
    );
    return true;
  });
});

Deno.test("registerOrderSchema() gives up on a silent registry after 10 s, exit 69", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  const startedAt = Date.now();
  try {
    const url = `http://127.0.0.1:${listener.addr.port}`;
    await assert.rejects(
      registerOrderSchema({ url }, "any"),
      (error) => error instanceof Failure && error.exit === EXIT.unavailable && error.message.includes(url),
    );
    const seconds = (Date.now() - startedAt) / 1_000;
    assert.ok(seconds > 9 && seconds < 11, `${seconds} s`);
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
  assert.deepEqual(await schemas.find(foreign), { refused: `Schema ${foreign} is not registered under ${ours}` });
});

Deno.test("find() gives a schema whose version was deleted, for messages outlive it", async () => {
  const subject = randomName();
  const id = await registerSchema(subject, { ...ORDER_SCHEMA, doc: subject });
  await registerSchema(subject, { ...withNote, doc: subject });
  await ask(`/subjects/${subject}/versions/1`, { method: "DELETE" });
  assert.ok("schema" in await writerSchemas(testRegistry(), subject).find(id));
});

Deno.test("find() refuses an id that the registry does not know", async () => {
  for (const id of [2 ** 31 - 1, 0, -1]) {
    assert.deepEqual(await writerSchemas(testRegistry(), "any").find(id), { refused: `Unknown schema id ${id}` });
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
