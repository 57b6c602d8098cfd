import { object } from "@optique/core/constructs";
import { option } from "@optique/core/primitives";
import * as consumer from "../consumer.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import {
  groupFlag,
  groupSetting,
  kafkaFlags,
  type KafkaSettings,
  kafkaSettings,
  storageFlag,
  storageSetting,
} from "../lib/cli/settings.ts";
import { PAID } from "../lib/decide_order.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import type { Mix } from "../lib/sample_orders.ts";
import * as producer from "../producer.ts";
import * as bootstrap from "./bootstrap.ts";
import { showGroup } from "./demo/demo_group.ts";
import { type StoreSetting, storeSetting, withStore } from "./open_store.ts";
import { DEFAULT_DATA_DIR } from "./stack/folders.ts";
import { databaseUrl } from "./stack/postgres/database_url.ts";
import { databaseAddress } from "./stack/postgres/stack_database.ts";
import { readState } from "./stack/state.ts";
import * as stack from "./stack/up.ts";

const ORDERS = 20;
/** Some orders of each kind that is not accepted, so that a first look shows them all. */
const MIX = { unpaid: 15, "unknown-user": 5, "unknown-item": 5, "no-stock": 10, duplicate: 5, poison: 5 };

const NEXT = `
Where to look next
  storage/orders.jsonl     the accepted orders
  storage/rejected.jsonl   the others, with the reason
  storage/inventory.csv    the stock they left
  deno task why ORDER_ID   everything known about one order
  deno task verify         that nothing was lost or doubled
  deno task dashboard      all of it live, on a page; --play adds buttons
  deno task down           stops Kafka; up starts it again`;

const NEXT_WITH_DATABASE = `
Where to look next
  deno task up             the line to export, DATABASE_URL: with it the commands below work on the database
  deno task why ORDER_ID   everything known about one order
  deno task verify         that nothing was lost or doubled
  deno task dashboard      all of it live, on a page; --play adds buttons
  deno task consume        in as many terminals as you like; docs/SCALING.md says how many
  psql "$DATABASE_URL"     if you have it: tables users, inventory, orders, rejected and more
  deno task down           stops Kafka and PostgreSQL; up starts them again`;

const parser = object({
  postgres: option("--postgres", {
    description: line("On PostgreSQL: two consumers share the work, and one of them is killed"),
  }),
  ...kafkaFlags,
  ...groupFlag,
  ...storageFlag,
});

/**
 * Shows the pipeline once from end to end: stack, sample data, orders, verdicts. May be run again.
 *
 * Permissions: those of `up`, `bootstrap`, `produce` and `consume` together.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<void> {
  const { postgres, ...flags } = parseArgs(parser, args, {
    name: "demo",
    brief: "Starts the stack, sends 20 sample orders, and shows what becomes of each.",
    examples: ["deno task demo", "deno task demo --postgres"],
  });
  if (postgres && flags.storage !== undefined) {
    throw new Failure(EXIT.usage, "--postgres and --storage are two stores: give one of them");
  }
  const ownStack = flags.brokers === undefined && !Deno.env.get("KAFKA_BOOTSTRAP_SERVERS");
  heading(`1. Kafka${postgres ? "," : " and"} a Schema Registry${postgres ? " and PostgreSQL" : ""}`);
  if (ownStack) await stack.run(stack.configure(postgres ? ["--postgres"] : []), stop);
  const settings = kafkaSettings(flags);
  const group = groupSetting(flags);
  if (postgres) exportDatabase();
  const store = postgres
    ? storeSetting({ storage: undefined, database: undefined })
    : { storage: storageSetting(flags), database: undefined };

  heading("2. Users and stock");
  await bootstrap.run(postgres ? [] : ["--storage", store.storage]);

  const mix = await mixFor(store);
  const sending = { ...settings, store, pace: { delay: 0 }, mix, dryRun: false, json: false, verbose: false } as const;
  const newSeed = () => crypto.randomUUID().slice(0, 8);
  if (postgres) {
    // Without a key, so that each partition gets some of a few orders.
    const send = (count: number) => producer.run({ ...sending, count, seed: newSeed(), key: "none" }, stop);
    await showGroup({ flags: consumerFlags(settings, group, flags), send, heading }, stop);
    return print(NEXT_WITH_DATABASE);
  }

  heading(`3. ${ORDERS} orders into the topic ${settings.topic}`);
  await producer.run({ ...sending, count: ORDERS, seed: newSeed(), key: "item" }, stop);

  heading("4. Their verdicts");
  let firstVerdict: number | undefined;
  await consumer.run({
    ...settings,
    storage: store.storage,
    group,
    untilEnd: true,
    verbose: true,
    onVerdicts: () => firstVerdict ??= performance.now(),
  }, stop);
  if (firstVerdict !== undefined) print(`First verdict after ${(firstVerdict / 1_000).toFixed(1)} s`);
  print(NEXT);
}

/** Does for this process and those that it starts what a person does with the line that `up` prints. */
function exportDatabase(): void {
  if (Deno.env.get("DATABASE_URL")) return;
  const port = readState(DEFAULT_DATA_DIR)?.postgresPort;
  if (port === undefined) {
    throw new Failure(EXIT.config, "demo --postgres needs DATABASE_URL where Kafka is not the stack's own");
  }
  // A secure one would have been refused as the stack was started.
  Deno.env.set("DATABASE_URL", databaseUrl(databaseAddress({ dataDir: DEFAULT_DATA_DIR, secure: false }, port)));
}

function consumerFlags(
  { kafka, registry, topic }: KafkaSettings,
  group: string,
  flags: { allowPlaintextCredentials: boolean },
) {
  const where = ["--brokers", kafka.brokers.join(","), "--registry", registry.url, "--topic", topic, "--group", group];
  return flags.allowPlaintextCredentials ? [...where, "--allow-plaintext-credentials"] : where;
}

/** By now every user may have paid. */
async function mixFor(setting: StoreSetting): Promise<Mix> {
  const { unpaid, ...others } = MIX;
  const { users } = await withStore(setting, (store) => store.glance());
  return users.some(({ status }) => status !== PAID) ? { unpaid, ...others } : others;
}

function heading(text: string): void {
  print(`\n${text}`);
}

if (import.meta.main) await main(run);
