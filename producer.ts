import { Buffer } from "node:buffer";
import { object } from "@optique/core/constructs";
import { optional, withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { type ChosenSchema, chosenSchema } from "./lib/avro/chosen_schema.ts";
import { encodeOrder } from "./lib/avro/order_codec.ts";
import { registerOrderSchema } from "./lib/avro/schema_registry.ts";
import { showBlanks } from "./lib/blank_edge.ts";
import { Acknowledgements } from "./lib/cli/acknowledgements.ts";
import { didYouMean } from "./lib/cli/did_you_mean.ts";
import { escapeControls } from "./lib/cli/escape.ts";
import { printJsonLines } from "./lib/cli/json_lines.ts";
import { main } from "./lib/cli/main.ts";
import { paceFlags, paceSetting, unevenFlags } from "./lib/cli/pace_flags.ts";
import { line, parseArgs } from "./lib/cli/parse.ts";
import { print, printError } from "./lib/cli/print.ts";
import { SendReport } from "./lib/cli/progress.ts";
import { type KafkaSettings, ordersFlags, ordersSettings } from "./lib/cli/settings.ts";
import type { RegistryConnection } from "./lib/connections.ts";
import { EXIT, Failure, messageOf } from "./lib/errors.ts";
import { createPublisher } from "./lib/kafka/produce/publisher.ts";
import { requireBrokers } from "./lib/kafka/client/require_brokers.ts";
import { ensureTopics } from "./lib/kafka/client/topics_admin.ts";
import { type PaceSetting, sendPaced } from "./lib/pace.ts";
import { type Mix, parseMix, type SampleOrder, sampleOrders } from "./lib/sample_orders.ts";
import { traced } from "./lib/telemetry/traced_publisher.ts";
import { ORDER_KEYS, type OrderKey, valueSubject } from "./lib/topics.ts";
import { storeFlags, type StoreSetting, storeSetting, withStore } from "./tools/open_store.ts";

export interface ProducerConfig extends KafkaSettings {
  store: StoreSetting;
  /** Orders to send; 0 is until stopped. */
  count: number;
  pace: PaceSetting;
  seed: string;
  /** Without a mix, users and items are drawn as they are. */
  mix?: Mix;
  key: OrderKey;
  /** Print the orders instead of sending them. */
  dryRun: boolean;
  /** A newer schema than our own to send the orders with. */
  schema?: ChosenSchema;
  json: boolean;
  verbose: boolean;
}

/** Bytes that no consumer can take for an order: not even the first one fits. */
const POISON = Buffer.from("not an order");

/**
 * Sends sample orders until `count` or `stop`; the send in hand is finished, then the summary printed.
 *
 * Permissions: those of `withStore`, read only; unless `dryRun`, net and env as kafkajs and the settings need (the
 * permission set `kafka` in deno.json).
 */
export async function run(config: ProducerConfig, stop: AbortSignal): Promise<void> {
  const { store, count, seed, mix } = config;
  const samples = sampleOrders({
    ...await withStore(store, (admin) => admin.glance()),
    seed,
    mix,
    newOrderId: () => crypto.randomUUID(),
    now: Date.now,
  });
  const orders = count === 0 ? samples : samples.take(count);
  if (config.dryRun) {
    printError(escapeControls(`--seed ${seed}`));
    return await printJsonLines(orders.map((sample) => preview(sample, config.schema)), stop);
  }
  await send(orders, config, stop);
}

async function send(orders: Iterable<SampleOrder>, config: ProducerConfig, stop: AbortSignal): Promise<void> {
  const { kafka, registry, topic, key, seed, schema } = config;
  await requireBrokers(kafka);
  const encode = await encoderOf(registry, topic, schema);
  await ensureTopics(kafka, topic);
  const acknowledgements = new Acknowledgements();
  const publisher = traced(
    await createPublisher<SampleOrder>({
      connection: kafka,
      topic,
      key,
      encode,
      onAcknowledged: (some) => acknowledgements.add(some),
    }),
    topic,
  );
  const report = new SendReport({ ...config, total: config.count || undefined, describe });
  report.note(`Sending to ${topic} with --seed ${seed}`);
  try {
    await sendPaced(orders, {
      pace: config.pace,
      stop,
      total: config.count || undefined,
      send: async (batch) => {
        await publisher.send(batch);
        report.sent(batch);
      },
    });
  } finally {
    report.finish({ seed, ...acknowledgements.facts() });
    if (!config.json) acknowledgements.lines().forEach(print);
    await publisher.close();
  }
}

/** Registers our schema, so that a newer one is compared with it, then the newer one; nothing is sent if it is refused. */
async function encoderOf(
  registry: RegistryConnection,
  topic: string,
  schema: ChosenSchema | undefined,
): Promise<(sample: SampleOrder) => Buffer> {
  const subject = valueSubject(topic);
  const ownId = await registerOrderSchema(registry, subject);
  const id = schema === undefined ? ownId : await registerOrderSchema(registry, subject, schema);
  const encode = schema?.encode ?? encodeOrder;
  return ({ order, kind }) => kind === "poison" ? POISON : encode(id, order);
}

/** The order as it would be sent. It is encoded once, so that an order the schema cannot hold fails here too. */
function preview({ order, kind }: SampleOrder, schema: ChosenSchema | undefined): unknown {
  if (kind === "poison") return { kind, bytes: POISON.toString() };
  (schema?.encode ?? encodeOrder)(0, order);
  return { ...schema?.record(order) ?? order, kind };
}

function describe({ order, kind }: SampleOrder): string {
  return `${order.order_id}  ${showBlanks(order.user)} orders ${order.quantity} ${showBlanks(order.item)}${
    kind ? `  (${kind})` : ""
  }`;
}

const USUAL_DELAY_S = 1;

const parser = object({
  count: withDefault(
    option("--count", integer({ min: 0, metavar: "N" }), { description: line("Orders to send; 0: until stopped") }),
    5,
  ),
  ...paceFlags(USUAL_DELAY_S),
  ...unevenFlags,
  seed: optional(option("--seed", string({ metavar: "X" }), {
    description: line("The same seed, users and stock give the same users, items and quantities"),
  })),
  mix: optional(option("--mix", string({ metavar: "KIND=PERCENT,…" }), {
    description: line("Percent of unpaid, unknown-user, unknown-item, no-stock, duplicate, poison; the rest is good"),
  })),
  key: withDefault(
    option("--key", choice(ORDER_KEYS, { metavar: "KEY" }), {
      description: line("What the message key is made of; same: one key, so one partition"),
    }),
    "item",
  ),
  schema: optional(option("--schema", string({ metavar: "FILE" }), {
    description: line("Send the orders with this newer Avro schema, such as schemas/order_v2.avsc"),
  })),
  dryRun: option("--dry-run", { description: line("Print the orders as JSON lines, without a broker") }),
  json: option("--json", { description: line("Print the summary as JSON") }),
  verbose: option("--verbose", { description: line("Show every order at any pace") }),
  ...ordersFlags,
  ...storeFlags,
});

export function configure(args: readonly string[]): ProducerConfig {
  const options = parseArgs(parser, args, {
    name: "produce",
    brief: "Sends sample orders, drawn from the users and the stock.",
    examples: [
      "deno task produce --count 5 --delay 1",
      "deno task produce --count 1000 --rate 200 --mix unpaid=10,no-stock=2.5,poison=1",
      "deno task produce --count 0 --burst 100/5 --jitter 0.3",
      "deno task produce --schema schemas/order_v2.avsc",
      "deno task produce --count 3 --dry-run --seed demo",
    ],
  });
  return {
    ...ordersSettings(options),
    store: storeSetting(options),
    count: options.count,
    pace: paceSetting(options, USUAL_DELAY_S),
    seed: options.seed ?? crypto.randomUUID().slice(0, 8),
    mix: options.mix === undefined ? undefined : parseMix(options.mix, didYouMean),
    key: options.key,
    schema: options.schema === undefined ? undefined : schemaSetting(options.schema),
    dryRun: options.dryRun,
    json: options.json,
    verbose: options.verbose,
  };
}

/** A `Failure` if there is no such file (78), or none that orders can be sent with. Permission: read of the file. */
function schemaSetting(path: string): ChosenSchema {
  try {
    return chosenSchema(path, Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof Failure) throw error;
    const whys = { NotFound: "there is no such file", NotCapable: "this task may read the folder schemas only" };
    const why = whys[(error as Error).name as keyof typeof whys] ?? messageOf(error);
    throw new Failure(EXIT.config, `Cannot read the schema ${path}: ${why} (--schema)`, { cause: error });
  }
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
