import { object } from "@optique/core/constructs";
import * as consumer from "../consumer.ts";
import { main } from "../lib/cli/main.ts";
import { parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import {
  groupFlag,
  groupSetting,
  kafkaFlags,
  kafkaSettings,
  storageFlag,
  storageSetting,
} from "../lib/cli/settings.ts";
import { PAID } from "../lib/decide_order.ts";
import { readUsers } from "../lib/files/read/read_storage.ts";
import type { Mix } from "../lib/sample_orders.ts";
import * as producer from "../producer.ts";
import * as bootstrap from "./bootstrap.ts";
import * as stack from "./stack/up.ts";

const ORDERS = 20;
/** Some orders of each kind that is not accepted, so that a first look shows them all. */
const MIX = { unpaid: 15, "unknown-user": 5, "unknown-item": 5, "no-stock": 10, duplicate: 5, poison: 5 };

const NEXT = `
Where to look next
  storage/orders.jsonl     the accepted orders
  storage/rejected.jsonl   the others, with the reason
  storage/inventory.csv    the stock they left
  deno task why ORDER_ID   everything known of one order
  deno task verify         that nothing was lost or doubled
  deno task down           stops Kafka; up starts it again`;

const parser = object({ ...kafkaFlags, ...groupFlag, ...storageFlag });

/**
 * Shows the pipeline once from end to end: stack, sample data, orders, verdicts. May be run again.
 *
 * Permissions: those of `up`, `bootstrap`, `produce` and `consume` together.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<void> {
  const flags = parseArgs(parser, args, {
    name: "demo",
    brief: "Starts the stack, sends 20 sample orders, and shows what becomes of each.",
    examples: ["deno task demo"],
  });
  const ownStack = flags.brokers === undefined && !Deno.env.get("KAFKA_BOOTSTRAP_SERVERS");
  heading("1. Kafka and a Schema Registry");
  if (ownStack) await stack.run(stack.configure([]), stop);
  const settings = kafkaSettings(flags);
  const storage = storageSetting(flags);

  heading("2. Users and stock");
  await bootstrap.run(["--storage", storage]);

  heading(`3. ${ORDERS} orders into the topic ${settings.topic}`);
  const sending = { count: ORDERS, pace: { delay: 0 }, seed: crypto.randomUUID().slice(0, 8) } as const;
  await producer.run(
    {
      ...settings,
      ...sending,
      mix: mixFor(storage),
      store: { storage, database: undefined },
      key: "item",
      dryRun: false,
      json: false,
      verbose: false,
    },
    stop,
  );

  heading("4. Their verdicts");
  let firstVerdict: number | undefined;
  await consumer.run({
    ...settings,
    storage,
    group: groupSetting(flags),
    untilEnd: true,
    verbose: true,
    onVerdicts: () => firstVerdict ??= performance.now(),
  }, stop);
  if (firstVerdict !== undefined) print(`First verdict after ${(firstVerdict / 1_000).toFixed(1)} s`);
  print(NEXT);
}

/** By now every user may have paid. */
function mixFor(storage: string): Mix {
  const { unpaid, ...others } = MIX;
  return readUsers(storage).some(({ status }) => status !== PAID) ? { unpaid, ...others } : others;
}

function heading(text: string): void {
  print(`\n${text}`);
}

if (import.meta.main) await main(run);
