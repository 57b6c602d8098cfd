import { Buffer } from "node:buffer";
import { object } from "@optique/core/constructs";
import { optional, withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { encodeOrder } from "./lib/avro/order_codec.ts";
import { registerOrderSchema } from "./lib/avro/schema_registry.ts";
import { escapeControls } from "./lib/cli/escape.ts";
import { printJsonLines } from "./lib/cli/json_lines.ts";
import { main } from "./lib/cli/main.ts";
import { paceFlags, paceSetting } from "./lib/cli/pace_flags.ts";
import { line, parseArgs } from "./lib/cli/parse.ts";
import { printError } from "./lib/cli/print.ts";
import { SendReport } from "./lib/cli/progress.ts";
import { type KafkaSettings, ordersFlags, ordersSettings } from "./lib/cli/settings.ts";
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
    return await printJsonLines(orders.map(preview), stop);
  }
  await send(orders, config, stop);
}

async function send(orders: Iterable<SampleOrder>, config: ProducerConfig, stop: AbortSignal): Promise<void> {
  const { kafka, registry, topic, key, seed } = config;
  await requireBrokers(kafka);
  const schemaId = await registerOrderSchema(registry, valueSubject(topic));
  await ensureTopics(kafka, topic);
  const encode = ({ order, kind }: SampleOrder) => kind === "poison" ? POISON : encodeOrder(schemaId, order);
  const publisher = traced(await createPublisher({ connection: kafka, topic, key, encode }), topic);
  const report = new SendReport({ ...config, total: config.count || undefined, describe });
  report.note(`Sending to ${topic} with --seed ${seed}`);
  try {
    await sendPaced(orders, {
      pace: config.pace,
      stop,
      send: async (batch) => {
        await publisher.send(batch);
        report.sent(batch);
      },
    });
  } finally {
    report.finish({ seed });
    await publisher.close();
  }
}

/** The order as it would be sent. It is encoded once, so that an order the schema cannot hold fails here too. */
function preview({ order, kind }: SampleOrder): unknown {
  if (kind === "poison") return { kind, bytes: POISON.toString() };
  encodeOrder(0, order);
  return { ...order, kind };
}

function describe({ order, kind }: SampleOrder): string {
  return `${order.order_id}  ${order.user} orders ${order.quantity} ${order.item}${kind ? `  (${kind})` : ""}`;
}

const USUAL_DELAY_S = 1;

const parser = object({
  count: withDefault(
    option("--count", integer({ min: 0, metavar: "N" }), { description: line("Orders to send; 0: until stopped") }),
    5,
  ),
  ...paceFlags(USUAL_DELAY_S),
  seed: optional(option("--seed", string({ metavar: "X" }), {
    description: line("The same seed, users and stock give the same users, items and quantities"),
  })),
  mix: optional(option("--mix", string({ metavar: "KIND=PERCENT,…" }), {
    description: line("Percent of unpaid, unknown-user, unknown-item, no-stock, duplicate, poison; the rest is good"),
  })),
  key: withDefault(
    option("--key", choice(ORDER_KEYS), { description: line("What the message key is made of") }),
    "item",
  ),
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
      "deno task produce --count 3 --dry-run --seed demo",
    ],
  });
  return {
    ...ordersSettings(options),
    store: storeSetting(options),
    count: options.count,
    pace: paceSetting(options, USUAL_DELAY_S),
    seed: options.seed ?? crypto.randomUUID().slice(0, 8),
    mix: options.mix === undefined ? undefined : parseMix(options.mix),
    key: options.key,
    dryRun: options.dryRun,
    json: options.json,
    verbose: options.verbose,
  };
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
