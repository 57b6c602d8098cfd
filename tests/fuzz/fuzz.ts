import { Buffer } from "node:buffer";
import { object } from "@optique/core/constructs";
import { withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { integer } from "@optique/core/valueparser";
import { CompressionTypes, type Message } from "kafkajs";
import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { showProgress } from "../../lib/cli/long_work.ts";
import { main } from "../../lib/cli/main.ts";
import { line, parseArgs } from "../../lib/cli/parse.ts";
import { print, printError } from "../../lib/cli/print.ts";
import { EXIT } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { disconnect } from "../../lib/kafka/client/disconnect.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import type { Order } from "../../lib/order.ts";
import { type BeginProgress, unwatched } from "../../lib/progress.ts";
import { sampleOrders } from "../../lib/sample_orders.ts";
import { ORDERS_PARTITIONS, valueSubject } from "../../lib/topics.ts";
import { seededRandom } from "../faults/fault.ts";
import { task } from "../support/commands.ts";
import { type StackEnv, withStack } from "../support/stack.ts";
import { wireOrder } from "../support/raw_records.ts";
import { requireBalance, TestStorage } from "../support/storage.ts";
import { mutate, type Random } from "./mutate.ts";

/** Messages between two runs of the consumer. */
const ROUND = 100_000;
const SEND = 2_000;
/** One message in so many is left as it is. */
const UNCHANGED = 10;
const STOCK = { book: 2 ** 31 - 1, pen: 100_000_000, "caf\u00e9": 1_000_000 };
const USERS = { alice: "paid", "caf\u00e9": "paid", bob: "unpaid" };

export interface FuzzOptions {
  /** Messages in all. */
  count: number;
  /** The same seed gives the same mutations. */
  seed: number;
  env: StackEnv;
  /** Told what each round came to. */
  say?: (sentence: string) => void;
  begin?: BeginProgress;
}

/**
 * Sends `count` mutated messages through a real consumer and answers what broke: a consumer that did not end well or
 * left a message without a verdict, a `verify` that is not green. Permissions: net, run deno, temp folders.
 */
export async function fuzz({ count, seed, env, say = () => {}, begin = unwatched }: FuzzOptions): Promise<string[]> {
  await using storage = await TestStorage.create({ users: USERS, items: STOCK });
  const topic = `fuzz-${crypto.randomUUID()}`;
  const world = { ...env, STORAGE_DIR: storage.folder, ORDERS_TOPIC: topic, CONSUMER_GROUP_ID: topic };
  const kafka = { brokers: env.KAFKA_BOOTSTRAP_SERVERS.split(",") };
  await ensureTopics(kafka, topic);
  const schemaId = await registerOrderSchema({ url: env.SCHEMA_REGISTRY_URL }, valueSubject(topic));
  const messages = mutants(schemaId, seed);
  const producer = createKafka(kafka).producer();
  await producer.connect();
  try {
    const progress = begin("Sending mutations and judging them", "records");
    for (let sent = 0; sent < count;) {
      progress(sent, count);
      const wanted = Math.min(ROUND, count - sent);
      for (let left = wanted; left > 0; left -= SEND) {
        const partition = Math.ceil(left / SEND) % ORDERS_PARTITIONS;
        const some = Array.from({ length: Math.min(SEND, left) }, () => ({ ...messages.next().value, partition }));
        await producer.send({ topic, messages: some, compression: CompressionTypes.GZIP });
      }
      sent += wanted;
      const { code, stdout, stderr } = await task("consume", ["--until-end"], world);
      const summary = stdout.trim().split("\n").at(-1) ?? "";
      say(`${sent} sent; consume: ${summary}`);
      if (code !== EXIT.ok) return [`consume ended with ${code}: ${stderr.slice(-2_000)}`];
      if (!summary.startsWith(`${wanted} orders: `)) return [`${wanted} messages were to be judged: ${summary}`];
    }
  } finally {
    await disconnect(producer);
  }
  const { code, stdout, stderr } = await task("verify", [], world);
  say(stdout.trim().split("\n").at(-1) ?? "");
  requireBalance(storage);
  return code === EXIT.ok ? [] : [`verify ended with ${code}: ${(stdout + stderr).slice(-2_000)}`];
}

/**
 * Mutated orders without end, one in ten as it was: half of them in the bytes of the message, half within one of their
 * fields, so that many are orders still. Keys and the header of replays are mutated as well.
 */
function* mutants(schemaId: number, seed: number): Generator<Message, never> {
  const fraction = seededRandom(seed);
  const random: Random = (below) => Math.floor(fraction() * below);
  let orders = 0;
  const samples = sampleOrders({
    seed: String(seed),
    users: Object.entries(USERS).map(([name, status]) => ({ name, status })),
    items: Object.entries(STOCK).map(([name, quantity]) => ({ name, quantity })),
    newOrderId: () => `order-${seed}-${++orders}`,
    now: () => 1_700_000_000_000 + random(1_000_000_000),
  });
  let other: Buffer = Buffer.alloc(0);
  for (const { order } of samples) {
    const message = encodeOrder(schemaId, order);
    const mutated = random(2) === 0 ? mutate(message, other, random) : mutateField(schemaId, order, random);
    const value = random(UNCHANGED) === 0 ? message : mutated;
    const key = random(UNCHANGED) === 0 ? mutate(Buffer.from(order.item), other, random) : order.item;
    const headers = random(UNCHANGED) === 0 ? { replay_of: mutate(Buffer.from(order.order_id), other, random) } : {};
    yield { key, value, headers };
    other = message;
  }
  throw new Error("There are sample orders without end");
}

function mutateField(schemaId: number, order: Order, random: Random): Buffer {
  const name = (["order_id", "user", "item"] as const)[random(3)];
  const field = mutate(Buffer.from(order[name]), Buffer.from(order.order_id), random);
  const quantity = random(4) === 0 ? random(2 ** 32) - 2 ** 31 : order.quantity;
  return wireOrder(schemaId, { ...order, quantity, [name]: field });
}

const parser = object({
  count: withDefault(
    option("--count", integer({ min: 1, metavar: "N" }), { description: line("Messages in all") }),
    1_000_000,
  ),
  seed: withDefault(
    option("--seed", integer({ min: 0, max: 2 ** 32 - 1, metavar: "X" }), {
      description: line("The same seed gives the same mutations"),
    }),
    1,
  ),
});

async function run(args: readonly string[]): Promise<number> {
  const { count, seed } = parseArgs(parser, args, {
    name: "fuzz",
    brief: "Sends mutated messages through a real consumer, on a throw-away stack, and verifies what it made of them.",
    examples: ["deno task fuzz", "deno task fuzz --count 10000 --seed 7"],
  });
  const broken = await withStack((env) => fuzz({ count, seed, env, say: print, begin: showProgress }));
  for (const sentence of broken) printError(sentence);
  print(`${count} mutations with --seed ${seed}: ${broken.length === 0 ? "all held" : "broken"}`);
  return broken.length === 0 ? EXIT.ok : EXIT.failed;
}

if (import.meta.main) await main(run);
