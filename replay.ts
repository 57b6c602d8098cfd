import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { validate as isUuid } from "uuid";
import { encodeOrder } from "./lib/avro/order_codec.ts";
import { registerOrderSchema } from "./lib/avro/schema_registry.ts";
import { printJsonLines } from "./lib/cli/json_lines.ts";
import { main } from "./lib/cli/main.ts";
import { paceFlags, paceSetting } from "./lib/cli/pace_flags.ts";
import { line, parseArgs } from "./lib/cli/parse.ts";
import { SendReport } from "./lib/cli/progress.ts";
import { kafkaFlags, type KafkaSettings, kafkaSettings, storageFlag, storageSetting } from "./lib/cli/settings.ts";
import { warn } from "./lib/cli/warn.ts";
import { EXIT, Failure } from "./lib/errors.ts";
import { acceptedSlice } from "./lib/files/accepted_slice.ts";
import { requireBrokers } from "./lib/kafka/client.ts";
import { createPublisher } from "./lib/kafka/publisher.ts";
import { ensureTopics } from "./lib/kafka/topics_admin.ts";
import { type PaceSetting, sendPaced } from "./lib/pace.ts";
import type { OutgoingOrder } from "./lib/ports.ts";
import type { Slice } from "./lib/slice.ts";
import { valueSubject } from "./lib/topics.ts";

export interface ReplayConfig extends KafkaSettings {
  storage: string;
  pace: PaceSetting;
  /** A UUID; the same run gives the same order the same new id. */
  run: string;
  /** Send the orders under the ids they have. */
  sameId: boolean;
  /** Leave out orders that are replays themselves. */
  originals: boolean;
  /** Print the orders instead of sending them. */
  dryRun: boolean;
  json: boolean;
  verbose: boolean;
}

/**
 * Sends the accepted orders in the log again, as it is at the call, until they are all sent or `stop` aborts.
 *
 * Placed anew, an order gets an id made of the run and its old id, so a resumed run cannot place one twice.
 * Permissions: read and write of the storage folder (its write lock); unless `dryRun`, net and env as kafkajs and the
 * settings need (the permission set `kafka` in deno.json).
 */
export async function run(config: ReplayConfig, stop: AbortSignal): Promise<void> {
  const slice = await acceptedSlice(config.storage, { ...config, warn });
  if (slice.total === 0) return console.error(`Nothing to replay in ${config.storage}`);
  if (!config.dryRun) return await send(slice, config, stop);
  console.error(announcement(slice, config));
  await printJsonLines(previews(slice.items()), stop);
}

async function send(slice: Slice<OutgoingOrder>, config: ReplayConfig, stop: AbortSignal): Promise<void> {
  const { brokers, registry, topic, pace } = config;
  await requireBrokers(brokers);
  const schemaId = await registerOrderSchema(registry, valueSubject(topic));
  await ensureTopics(brokers, topic);
  const encode = ({ order }: OutgoingOrder) => encodeOrder(schemaId, order);
  const publisher = await createPublisher({ brokers, topic, key: "item", encode });
  const report = new SendReport({ ...config, total: slice.total, describe });
  report.note(announcement(slice, config));
  try {
    await sendPaced(slice.items(), {
      pace,
      stop,
      send: async (batch) => {
        await publisher.send(batch);
        report.sent(batch);
      },
    });
  } finally {
    const facts = { total: slice.total, ...slice.counts, run: config.sameId ? undefined : config.run };
    report.finish(facts, report.count < slice.total ? `; for the rest: ${resumeCommand(config)}` : "");
    await publisher.close();
  }
}

function announcement({ total, noun, notes }: Slice<unknown>, { sameId, run, topic }: ReplayConfig): string {
  const ids = sameId ? "with the ids they have" : `with --run ${run}`;
  return [`Replaying ${total} ${noun}${total === 1 ? "" : "s"} to ${topic} ${ids}`, ...notes].join("; ");
}

function resumeCommand({ sameId, run, originals }: ReplayConfig): string {
  return `deno task replay ${sameId ? "--same-id" : `--run ${run}`}${originals ? " --originals" : ""}`;
}

/** Each order as it would be sent, encoded once so that one the schema cannot hold is found here too. */
async function* previews(orders: AsyncIterable<OutgoingOrder>): AsyncGenerator<unknown> {
  for await (const { order, replayOf } of orders) {
    encodeOrder(0, order);
    yield { ...order, replay_of: replayOf };
  }
}

function describe({ order, replayOf }: OutgoingOrder): string {
  const origin = replayOf === undefined ? "" : `  (replay of ${replayOf})`;
  return `${order.order_id}  ${order.user} orders ${order.quantity} ${order.item}${origin}`;
}

const USUAL_DELAY_S = 0;

const parser = object({
  ...paceFlags(USUAL_DELAY_S),
  sameId: option("--same-id", {
    description: line("Keep ids and times: moves no stock that has them, rebuilds an empty storage"),
  }),
  run: optional(option("--run", string({ metavar: "ID" }), {
    description: line("Resume the run that printed this ID, without placing an order twice"),
  })),
  originals: option("--originals", { description: line("Leave out orders that are replays themselves") }),
  dryRun: option("--dry-run", { description: line("Print the orders as JSON lines, without a broker") }),
  json: option("--json", { description: line("Print the summary as JSON") }),
  verbose: option("--verbose", { description: line("Show every order at any pace") }),
  ...kafkaFlags,
  ...storageFlag,
});

function configure(args: readonly string[]): ReplayConfig {
  const options = parseArgs(parser, args, {
    name: "replay",
    brief: "Sends the accepted orders of the log into Kafka again, as new orders.",
    examples: [
      "deno task replay --delay 0.5",
      "deno task replay --originals --rate 100",
      "deno task replay --same-id --storage empty-copy",
    ],
  });
  if (options.sameId && options.run !== undefined) {
    throw new Failure(EXIT.usage, "--run makes new ids and --same-id keeps the old ones: give one of them");
  }
  if (options.run !== undefined && !isUuid(options.run)) {
    throw new Failure(EXIT.usage, `--run must be the UUID that an earlier replay printed, got "${options.run}"`);
  }
  return {
    ...kafkaSettings(options),
    storage: storageSetting(options),
    pace: paceSetting(options, USUAL_DELAY_S),
    run: options.run ?? crypto.randomUUID(),
    sameId: options.sameId,
    originals: options.originals,
    dryRun: options.dryRun,
    json: options.json,
    verbose: options.verbose,
  };
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
