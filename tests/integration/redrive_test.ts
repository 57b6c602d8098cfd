import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { ORDER_SCHEMA } from "../../lib/avro/order_schema.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { EXIT } from "../../lib/errors.ts";
import { deadLetterTopic, valueSubject } from "../../lib/topics.ts";
import { acceptedIn, eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { readTopic, type StoredMessage, testRegistry } from "../support/kafka.ts";
import { sendRaw } from "../support/raw_records.ts";
import { registerSchema } from "../support/register_schema.ts";

const RUN = "11111111-2222-4333-8444-555555555555";

type Env = Record<string, string>;

async function ok(name: string, args: string[], env: Env): Promise<string> {
  const { code, stdout, stderr } = await task(name, args, env);
  assert.equal(code, EXIT.ok, `deno task ${name} ${args.join(" ")}: ${stderr}`);
  return stdout + stderr;
}

function order(order_id: string, user = "bob", item = "book") {
  return { order_id, user, item, quantity: 1, created_at: 1_700_000_000_000 };
}

/** Puts orders into the world's topic as another client would; all into partition 0. */
async function sendOrders(env: Env, orders: ReturnType<typeof order>[]): Promise<void> {
  const schemaId = await registerOrderSchema(testRegistry(), valueSubject(env.ORDERS_TOPIC));
  await sendRaw(env.ORDERS_TOPIC, orders.map((one) => ({ key: one.item, value: encodeOrder(schemaId, one) })));
}

/** Registers the order schema with a `doc` of its own, as another version of a producer would; its id. */
function registerNewer(subject: string, doc: string): Promise<number> {
  return registerSchema(subject, { ...ORDER_SCHEMA, doc });
}

/** What the run has sent, by the header that says so. */
function sentByRun(messages: StoredMessage[]): string[] {
  return messages.map(({ headers }) => headers.replay_run).filter((mark) => mark?.startsWith(`${RUN} `)).sort();
}

Deno.test("replay --rejected has orders judged anew under their ids, once a fix lets them in", async (t) => {
  using world = ownWorld();
  const { env, storage } = world;
  await ok("bootstrap", [], env);
  await sendOrders(env, [order("a"), order("b"), order("a"), order("c", "zoe"), order("d", "alice", "lamp")]);
  await sendOrders(env, [order("e", "alice"), order("e", "alice"), { ...order("f", "alice"), quantity: 0 }]);
  await ok("consume", ["--until-end"], env);
  await ok("consume", ["--reset", "--until-end"], env); // every rejection is there twice now
  await ok("user", ["update", "--user", "bob", "--status", "paid"], env);

  await t.step("a dry run shows what would be sent, and needs no broker", async () => {
    const nowhere = { ...env, KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1" };
    const { stdout, stderr, code } = await task("replay", ["--rejected", "--dry-run"], nowhere);
    assert.equal(code, EXIT.ok, stderr);
    assert.deepEqual(stdout.trim().split("\n").map((line) => JSON.parse(line)), [
      order("b"),
      order("a"),
      order("c", "zoe"),
      order("d", "alice", "lamp"),
    ]);
    assert.match(stderr, /^Replaying 4 rejected orders to \S+ with --rejected --run \S+ --to \d+; 2 left out that no/);
  });

  await t.step("a filter bounds the slice", async () => {
    const preview = async (...flags: string[]) => {
      const { stdout } = await task("replay", ["--rejected", "--dry-run", ...flags], env);
      return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line).order_id);
    };
    assert.deepEqual(await preview("--reason", "unknown-item"), ["d"]);
    assert.deepEqual(await preview("--user", "zoe"), ["c"]);
    assert.deepEqual(await preview("--item", "book", "--limit", "2"), ["b", "a"]);
    assert.deepEqual(await preview("--since", "1h", "--user", "bob"), ["b", "a"]);
    assert.deepEqual(await preview("--until", "1h"), []);
  });

  await t.step("they are sent once each, and accepted once each", async () => {
    const said = await ok("replay", ["--rejected", "--user", "bob", "--run", RUN], env);
    assert.match(said, /2 sent in/);
    const messages = await readTopic(env.ORDERS_TOPIC);
    assert.deepEqual(sentByRun(messages), [`${RUN} a`, `${RUN} b`]);
    await ok("consume", ["--until-end"], env);
    assert.deepEqual(acceptedIn(storage).sort(), ["a", "b", "e"]);
  });

  await t.step("what was accepted since is left out and counted", async () => {
    const { code, stdout, stderr } = await task("replay", ["--rejected", "--reason", "unpaid-user"], env);
    assert.deepEqual([code, stdout, stderr], [
      EXIT.ok,
      "",
      `Nothing to replay in ${storage}; 2 left out that were accepted since\n`,
    ]);
    await ok("verify", [], env);
  });
});

Deno.test("replay --rejected killed half-way and resumed sends each order once, and none of later", async () => {
  using world = ownWorld();
  const { env } = world;
  await ok("bootstrap", [], env);
  const ids = Array.from({ length: 20 }, (_, index) => `o-${index}`);
  await sendOrders(env, ids.map((id) => order(id)));
  await ok("consume", ["--until-end"], env);
  {
    await using replay = startTask("replay", ["--rejected", "--delay", "0.1", "--run", RUN], env);
    await eventually("three of them in the topic", async () => {
      return (await readTopic(env.ORDERS_TOPIC)).length >= 23 || undefined;
    });
    replay.signal("SIGKILL");
    await replay.end;
  }
  const before = sentByRun(await readTopic(env.ORDERS_TOPIC)).length;
  assert.ok(before >= 3 && before < 20, `${before} were sent before the kill`);
  await sendOrders(env, [order("later")]);
  await ok("consume", ["--until-end"], env); // they are rejected again, at the end of the file
  const said = await ok("replay", ["--rejected", "--run", RUN, "--to", "21"], env);
  assert.match(said, new RegExp(`Replaying ${20 - before} rejected orders .*${before} were sent by this run before`));
  assert.deepEqual(sentByRun(await readTopic(env.ORDERS_TOPIC)), ids.map((id) => `${RUN} ${id}`).sort());
});

Deno.test("replay --dlq sends dead letters back as they were, and those that can be read now are orders", async (t) => {
  using world = ownWorld();
  const { env, storage } = world;
  const topic = env.ORDERS_TOPIC;
  await ok("bootstrap", [], env);
  await registerOrderSchema(testRegistry(), valueSubject(topic));
  const newer = await registerNewer(`${topic}-elsewhere`, topic);
  await sendRaw(topic, [
    { partition: 2, key: "k", value: encodeOrder(newer, order("late", "alice")), headers: { trace: ["abc", "def"] } },
    { partition: 1, key: Buffer.from([0xff]), value: "no order" },
    { partition: 1, key: null, value: null },
  ]);
  await ok("consume", ["--until-end"], env);
  await sendRaw(deadLetterTopic(topic), [{ value: "put here by hand" }]);

  await t.step("a dry run shows them and leaves out what came from elsewhere", async () => {
    const { stdout, stderr } = await task("replay", ["--dlq", "--dry-run"], env);
    const deadLetters = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(deadLetters.map(({ origin }) => origin.partition).sort(), [1, 1, 2]);
    assert.match(stderr, /^Replaying 3 dead letters to \S+ with --dlq --run \S+ --to 4; 1 left out that do not say/);
    const some = await task("replay", ["--dlq", "--dry-run", "--reason", "not registered"], env);
    assert.deepEqual(JSON.parse(some.stdout).headers.slice(0, -1), [["trace", "abc"], ["trace", "def"]]);
  });

  await t.step(
    "a fixed cause makes an order of the dead letter; the others become dead letters again, once",
    async () => {
      assert.equal(await registerNewer(valueSubject(topic), topic), newer);
      const before = await readTopic(topic);
      assert.match(await ok("replay", ["--dlq", "--run", RUN], env), /3 sent in/);
      const back = (await readTopic(topic)).filter(({ headers }) => headers.replay_run !== undefined);
      const raw = ({ partition, key, value }: StoredMessage) => ({ partition, key, value });
      assert.deepEqual(back.map(raw), before.map(raw));
      assert.deepEqual(back.map(({ headers }) => Object.keys(headers).sort()), [
        ["replay_run"],
        ["replay_run"],
        ["replay_run", "trace"],
      ]);
      assert.match(await ok("consume", ["--until-end"], env), /1 accepted, 0 rejected, 2 dead-lettered/);
      assert.deepEqual(acceptedIn(storage), ["late"]);
      await ok("verify", [], env);
    },
  );

  await t.step("the run resumed has nothing left to send, nor what came back after its end", async () => {
    const { stderr, code } = await task("replay", ["--dlq", "--run", RUN, "--to", "4"], env);
    assert.equal(code, EXIT.ok);
    assert.match(stderr, /^Nothing to replay in \S+\.dlq; 3 were sent by this run before; 1 left out/);
    assert.equal((await readTopic(topic)).length, 6);
  });
});

Deno.test("replay --dlq stopped half-way says how to send the rest, and the rest is each dead letter once", async () => {
  using world = ownWorld();
  const { env } = world;
  await ok("bootstrap", [], env);
  await sendRaw(env.ORDERS_TOPIC, Array.from({ length: 20 }, (_, index) => ({ value: `${index}` })));
  await ok("consume", ["--until-end"], env);
  await using running = startTask("replay", ["--dlq", "--delay", "0.1"], env);
  await eventually("three of them in the topic", async () => {
    return (await readTopic(env.ORDERS_TOPIC)).length >= 23 || undefined;
  });
  running.signal("SIGINT");
  const { code, stdout } = await running.end;
  assert.equal(code, EXIT.ok);
  const rest = /for the rest: deno task replay (--dlq --run \S+ --to 20) --delay 0.1\n$/.exec(stdout);
  assert.ok(rest !== null, stdout);
  await ok("consume", ["--until-end"], env);
  await ok("replay", rest[1].split(" "), env);
  const again = (await readTopic(env.ORDERS_TOPIC)).slice(20).map(({ value }) => Number(Buffer.from(value!)));
  assert.deepEqual(again.sort((a, b) => a - b), Array.from({ length: 20 }, (_, index) => index));
});

Deno.test("replay refuses flags that do not go together, exit 64", async () => {
  using world = ownWorld();
  const wrong: [string[], RegExp][] = [
    [["--rejected", "--dlq"], /give one of them/],
    [["--reason", "unpaid-user"], /--reason goes with --rejected or --dlq/],
    [["--dlq", "--user", "bob"], /--user is for orders: a dead letter has no user/],
    [
      ["--rejected", "--reason", "duplicate"],
      /--reason must be one that a change to users or stock can help .*got "duplicate"/,
    ],
    [["--rejected", "--same-id"], /--same-id is for accepted orders/],
    [["--dlq", "--since", "latest"], /--since must be a time/],
  ];
  for (const [flags, complaint] of wrong) {
    const { code, stderr } = await task("replay", flags, world.env);
    assert.equal(code, EXIT.usage, flags.join(" "));
    assert.match(stderr, complaint);
  }
});
