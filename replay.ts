import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { v5 as uuidV5, validate as isUuid } from "uuid";
import { encodeOrder } from "./lib/avro/order_codec.ts";
import { registerOrderSchema } from "./lib/avro/schema_registry.ts";
import { escapeControls } from "./lib/cli/escape.ts";
import { printJsonLines } from "./lib/cli/json_lines.ts";
import { main } from "./lib/cli/main.ts";
import { paceFlags, paceSetting } from "./lib/cli/pace_flags.ts";
import { line, parseArgs } from "./lib/cli/parse.ts";
import { SendReport } from "./lib/cli/progress.ts";
import { kafkaFlags, type KafkaSettings, kafkaSettings, storageFlag, storageSetting } from "./lib/cli/settings.ts";
import { warn } from "./lib/cli/warn.ts";
import { EXIT, Failure } from "./lib/errors.ts";
import type { LoggedOrder } from "./lib/files/order_log.ts";
import { readLoggedOrders } from "./lib/files/read_storage.ts";
import { requireBrokers } from "./lib/kafka/client.ts";
import { createPublisher } from "./lib/kafka/publisher.ts";
import { ensureTopics } from "./lib/kafka/topics_admin.ts";
import { type PaceSetting, sendPaced } from "./lib/pace.ts";
import type { OutgoingOrder } from "./lib/ports.ts";
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

/** What the log holds for this replay, as of one moment. */
interface Survey {
  /** Orders to send. */
  total: number;
  /** Those among them that are replays themselves. */
  replays: number;
  /** Orders that this run, begun earlier, has already placed, by the id they are replays of. */
  placed: Set<string>;
  /** The last order that belongs to it; what is accepted after that does not. */
  lastSeq: number;
}

/**
 * Sends the accepted orders in the log again, as it is at the call, until they are all sent or `stop` aborts.
 *
 * Placed anew, an order gets an id made of the run and its old id, so a resumed run cannot place one twice.
 * Permissions: read and write of the storage folder (its write lock); unless `dryRun`, net and env as kafkajs and the
 * settings need (the permission set `kafka` in deno.json).
 */
export async function run(config: ReplayConfig, stop: AbortSignal): Promise<void> {
  const survey = await surveyLog(config);
  if (survey.total === 0) return console.error(escapeControls(`Nothing to replay in ${config.storage}`));
  const orders = outgoingOrders(config, survey);
  if (!config.dryRun) return await send(orders, config, survey, stop);
  console.error(escapeControls(describeReplay(config, survey)));
  await printJsonLines(previews(orders), stop);
}

async function surveyLog(config: ReplayConfig): Promise<Survey> {
  const survey: Survey = { total: 0, replays: 0, placed: new Set(), lastSeq: 0 };
  for await (const order of await readLoggedOrders(config.storage, warn)) {
    survey.lastSeq = order.seq;
    if (placedByRun(order, config)) {
      survey.placed.add(order.replay_of!);
    } else if (isWanted(order, config)) {
      survey.total++;
      if (order.replay_of !== undefined) survey.replays++;
    }
  }
  survey.total -= survey.placed.size;
  return survey;
}

async function* outgoingOrders(config: ReplayConfig, survey: Survey): AsyncGenerator<OutgoingOrder> {
  for await (const order of await readLoggedOrders(config.storage, warn)) {
    if (order.seq > survey.lastSeq) return;
    if (!isWanted(order, config) || placedByRun(order, config) || survey.placed.has(order.order_id)) continue;
    yield config.sameId ? sameAgain(order) : placedAnew(order, config.run);
  }
}

function isWanted(order: LoggedOrder, { originals }: ReplayConfig): boolean {
  return !originals || order.replay_of === undefined;
}

/** Whether the order came out of this very run, which is then a resumed one. */
function placedByRun({ order_id, replay_of }: LoggedOrder, { sameId, run }: ReplayConfig): boolean {
  return !sameId && replay_of !== undefined && order_id === uuidV5(replay_of, run);
}

function placedAnew({ order_id, user, item, quantity }: LoggedOrder, run: string): OutgoingOrder {
  const order = { order_id: uuidV5(order_id, run), user, item, quantity, created_at: Date.now() };
  return { order, replayOf: order_id };
}

function sameAgain({ order_id, user, item, quantity, created_at, replay_of }: LoggedOrder): OutgoingOrder {
  return { order: { order_id, user, item, quantity, created_at }, replayOf: replay_of };
}

async function send(
  orders: AsyncIterable<OutgoingOrder>,
  config: ReplayConfig,
  survey: Survey,
  stop: AbortSignal,
): Promise<void> {
  const { brokers, registry, topic, pace } = config;
  await requireBrokers(brokers);
  const schemaId = await registerOrderSchema(registry, valueSubject(topic));
  await ensureTopics(brokers, topic);
  const encode = ({ order }: OutgoingOrder) => encodeOrder(schemaId, order);
  const publisher = await createPublisher({ brokers, topic, key: "item", encode });
  const report = new SendReport({ ...config, total: survey.total, describe });
  report.note(describeReplay(config, survey));
  try {
    await sendPaced(orders, {
      pace,
      stop,
      send: async (batch) => {
        await publisher.send(batch);
        report.sent(batch);
      },
    });
  } finally {
    const { total, replays } = survey;
    const facts = { total, replays, run: config.sameId ? undefined : config.run };
    report.finish(facts, report.count < total ? `; for the rest: ${resumeCommand(config)}` : "");
    await publisher.close();
  }
}

function describeReplay({ sameId, run, topic }: ReplayConfig, { total, replays, placed }: Survey): string {
  const ids = sameId ? "with the ids they have" : `with --run ${run}`;
  const among = replays > 0 ? `, ${replays} of them replays themselves (--originals leaves those out)` : "";
  const before = placed.size > 0 ? `; ${placed.size} were placed by this run before` : "";
  return `Replaying ${total} ${total === 1 ? "order" : "orders"} to ${topic} ${ids}${among}${before}`;
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

export function configure(args: readonly string[]): ReplayConfig {
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
