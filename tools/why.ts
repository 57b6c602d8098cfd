import { object } from "@optique/core/constructs";
import { argument, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { showBlanks } from "../lib/blank_edge.ts";
import { escapeControls } from "../lib/cli/escape.ts";
import { printJson } from "../lib/cli/json_lines.ts";
import { showProgress } from "../lib/cli/long_work.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import { kafkaFlags, type KafkaSettings, kafkaSettings } from "../lib/cli/settings.ts";
import { unlessStopped } from "../lib/cli/unless_stopped.ts";
import { warn } from "../lib/cli/warn.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { createKafka } from "../lib/kafka/client/client.ts";
import { deadLetterReasons } from "../lib/kafka/dead_letters/dead_letter_reasons.ts";
import { findInTopic, type FoundRecord } from "../lib/kafka/inspect/find_record.ts";
import { requireBrokers } from "../lib/kafka/client/require_brokers.ts";
import type { Coordinates } from "../lib/order.ts";
import type { AcceptedOrder, OrderHistory, StoreAdmin } from "../lib/store_admin.ts";
import { placesOf, storyOf } from "./order_story.ts";
import { storeFlags, type StoreSetting, storeSetting, withStore } from "./open_store.ts";

const parser = object({
  orderId: argument(string({ metavar: "ORDER_ID" }), {
    description: line("The order to explain"),
  }),
  json: option("--json", { description: line("Print JSON") }),
  offline: option("--offline", { description: line("Look only into the storage, without a broker") }),
  ...kafkaFlags,
  ...storeFlags,
}, { errors: { endOfInput: line("Say which order: deno task why ORDER_ID.") } });

export interface WhyConfig extends KafkaSettings {
  orderId: string;
  store: StoreSetting;
  offline: boolean;
  json: boolean;
}

/** A record in the topic, and why it is a dead letter, if it is one. */
interface TopicRecord extends FoundRecord {
  deadLetter?: string;
}

/**
 * Tells everything known about one order: where it is, what was seen, what was decided, and what followed.
 *
 * Answers 1 where nothing is known. Permissions: net; those of `withStore`, read only; env as kafkajs and the settings
 * need.
 */
export async function run(config: WhyConfig, stop: AbortSignal): Promise<number> {
  return await unlessStopped(withStore(config.store, (store) => tell(store, config)), stop);
}

async function tell(store: StoreAdmin, config: WhyConfig): Promise<number> {
  const history = await store.history(config.orderId);
  const searched = config.offline ? undefined : await inTopic(config, history);
  const records = searched ?? [];
  const story = storyOf(config.orderId, history, records);
  if (config.json) {
    const found = records.map(({ schemaId, deadLetter, ...record }) => ({
      ...record,
      schema_id: schemaId,
      dead_letter: deadLetter,
    }));
    printJson({ ...story, records: found });
  } else {
    const sentences = story.known
      ? await explain(store, config.orderId, { history, records })
      : [`Order ${config.orderId}: nothing is known about it in ${placesSearched(store, searched)}`];
    for (const sentence of sentences) print(escapeControls(sentence));
  }
  return story.known ? EXIT.ok : EXIT.failed;
}

/**
 * The records of the order in the topic: at the coordinates from the storage, else searching the whole topic, and then
 * the dead letters too. Undefined if no broker answers.
 */
async function inTopic(config: WhyConfig, history: OrderHistory): Promise<TopicRecord[] | undefined> {
  try {
    await requireBrokers(config.kafka);
  } catch (error) {
    if (!(error instanceof Failure) || error.exit !== EXIT.unavailable) throw error;
    warn(`${error.message}; only the storage is searched`);
    return undefined;
  }
  const known = placesOf(history);
  const [kafka, { topic, orderId }] = [createKafka(config.kafka), config];
  const records = await findInTopic(kafka, topic, orderId, { known, begin: showProgress });
  if (known.length > 0 || records.length === 0) return records;
  const reasons = await deadLetterReasons(kafka, topic, { records, begin: showProgress });
  return records.map((record, index) => ({ ...record, deadLetter: reasons[index] }));
}

async function explain(
  store: StoreAdmin,
  orderId: string,
  { history: { accepted, rejections, replays }, records }: { history: OrderHistory; records: TopicRecord[] },
): Promise<string[]> {
  const order = accepted ?? rejections.at(-1);
  if (order === undefined) return unjudged(orderId, records);
  const lines = [
    `Order ${order.order_id}: ${accepted === undefined ? `rejected, ${rejections.at(-1)!.reason}` : "accepted"}`,
  ];
  const [user, item] = [showBlanks(order.user), showBlanks(order.item)];
  lines.push(`  asked for  ${order.quantity} ${item} by ${user}, created ${time(order.created_at)}`);
  if (order.replay_of !== undefined) lines.push(`  replay of  ${order.replay_of}`);
  if (accepted !== undefined) {
    const before = accepted.remaining + accepted.quantity;
    lines.push(`  accepted   ${when(accepted)}, from ${where(accepted, records)}`);
    lines.push(`  seen       ${user} was paid, stock of ${item} was ${before}, left ${accepted.remaining}`);
  }
  for (const { reason, status, stock, rejected_at, ...at } of rejections) {
    const seen = [];
    if (status !== undefined) seen.push(`user was ${showBlanks(status)}`);
    if (stock !== undefined) seen.push(`stock was ${stock}`);
    const from = `${reason} at ${time(rejected_at)}, from ${where(at, records)}`;
    lines.push(`  rejected   ${from}${seen.length === 0 ? "" : `; ${seen.join(", ")}`}`);
  }
  for (const replay of replays) lines.push(`  replayed   as ${replay.order_id}, accepted ${when(replay)}`);
  return [...lines, await today(store, order)];
}

/** The file store numbers what it accepts, the database notes the time. */
function when({ seq, accepted_at }: AcceptedOrder): string {
  return seq === undefined ? `at ${time(accepted_at ?? NaN)}` : `as number ${seq}`;
}

function placesSearched({ place }: StoreAdmin, searched: readonly FoundRecord[] | undefined): string {
  return searched === undefined ? `${place}; the topic was not searched` : `${place} or in the topic`;
}

function unjudged(orderId: string, records: readonly TopicRecord[]): string[] {
  const isWaiting = records.some(({ deadLetter }) => deadLetter === undefined);
  return [
    `Order ${orderId}: ${isWaiting ? "no verdict yet" : "a dead letter, so there is no verdict"}`,
    ...records.flatMap((record) => {
      const sent = `in ${where(record, records)}, sent ${time(record.timestamp)}`;
      if (record.deadLetter === undefined) return [`  waiting    ${sent}`];
      return [`  set aside  ${sent}`, `  because    ${record.deadLetter}`];
    }),
  ];
}

/** What user and item look like now, for comparison with what was seen. */
async function today(store: StoreAdmin, { user, item }: { user: string; item: string }): Promise<string> {
  try {
    const { status, quantity } = await store.lookUp({ user, item });
    const userNow = status === undefined ? "unknown" : showBlanks(status);
    return `  now        ${showBlanks(user)} is ${userNow}, stock of ${showBlanks(item)} is ${quantity ?? "unknown"}`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error; // the rest of the explanation is printed all the same
    return `  now        not known: ${error.message}`;
  }
}

function where(at: Coordinates, records: readonly FoundRecord[]): string {
  const where = `${at.topic} partition ${at.partition} offset ${at.offset}`;
  const found = records.find(({ topic, partition, offset }) =>
    topic === at.topic && partition === at.partition && offset === at.offset
  );
  return found?.schemaId === undefined ? where : `${where} (schema ${found.schemaId}, key ${found.key ?? "none"})`;
}

function time(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}

export function configure(args: readonly string[]): WhyConfig {
  const options = parseArgs(parser, args, {
    name: "why",
    brief: "Tells everything known about one order.",
    examples: ["deno task why 0b0f8a6e-6d0c-4f0e-9d0a-0d0f8a6e6d0c", "deno task why order-17 --json"],
  });
  const { orderId, offline, json } = options;
  return { ...kafkaSettings(options), store: storeSetting(options), orderId, offline, json };
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
