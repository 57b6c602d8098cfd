import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { argument, option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import type { Kafka } from "kafkajs";
import { OrderDecoder } from "./lib/avro/order_codec.ts";
import { requireRegistry, writerSchemas } from "./lib/avro/schema_registry.ts";
import { useJsonLog } from "./lib/cli/log.ts";
import { main } from "./lib/cli/main.ts";
import { line, parseArgs } from "./lib/cli/parse.ts";
import { print, printError } from "./lib/cli/print.ts";
import { resetPreview } from "./lib/cli/reset_preview.ts";
import { groupFlag, groupSetting, type KafkaSettings, ordersFlags, ordersSettings } from "./lib/cli/settings.ts";
import { partitionsSetting, type ResetSetting, resetTargetSetting } from "./lib/cli/reset_flags.ts";
import { warnOfSettled } from "./lib/cli/settled_changes.ts";
import { warnOfUnread } from "./lib/cli/unread_warning.ts";
import type { DatabaseConnection } from "./lib/connections.ts";
import { decodeBatch } from "./lib/decode_batch.ts";
import { EXIT, Failure } from "./lib/errors.ts";
import { Checkpointer } from "./lib/files/store/checkpointer.ts";
import { Judge } from "./lib/judge_batch.ts";
import { createKafka } from "./lib/kafka/client/client.ts";
import { DeadLetterTopic } from "./lib/kafka/dead_letters/dead_letters.ts";
import { withAdmin } from "./lib/kafka/client/disconnect.ts";
import { removeMember } from "./lib/kafka/consume/group_coordinator.ts";
import { requireEmptyGroup } from "./lib/kafka/consume/group_offsets.ts";
import { startGroup, type StartOffsets } from "./lib/kafka/consume/group_start.ts";
import type { GroupTopic } from "./lib/kafka/consume/group_topic.ts";
import { requireBrokers } from "./lib/kafka/client/require_brokers.ts";
import { accessDenied, requireRights } from "./lib/kafka/client/rights.ts";
import { type SubscribedBatch, Subscription } from "./lib/kafka/consume/subscription.ts";
import { shareBy } from "./lib/kafka/consume/subscription_options.ts";
import { MAX_GROUP } from "./lib/kafka/protocol/record_batch.ts";
import { changeOffsets } from "./lib/kafka/offsets/change_offsets.ts";
import { planReset } from "./lib/kafka/offsets/plan_reset.ts";
import { settleChanges } from "./lib/kafka/offsets/settle_changes.ts";
import { ensureTopics } from "./lib/kafka/client/topics_admin.ts";
import type { OrderBatch } from "./lib/ports.ts";
import { preparedAhead } from "./lib/prepared_ahead.ts";
import { processBatch } from "./lib/process_batch.ts";
import { RESET_TARGETS } from "./lib/reset_target.ts";
import { deadLetterTopic, valueSubject } from "./lib/topics.ts";
import { unreadOffsets } from "./lib/unread_offsets.ts";
import type { Verdicts } from "./lib/verdicts.ts";
import { type ConsumerStore, openConsumerStore } from "./tools/consumer_store.ts";
import { ConsumerView } from "./tools/consumer_view.ts";
import { viewFlags, viewSetting, wantsJsonLog } from "./tools/consumer_view_flags.ts";
import { storeFlags, storeSetting } from "./tools/open_store.ts";

export interface ConsumerConfig extends KafkaSettings {
  storage: string;
  /** The database that holds users, stock and verdicts in place of the storage folder. */
  database?: DatabaseConnection;
  group: string;
  reset?: ResetSetting;
  /** Stop at the log ends as they were at the start. */
  untilEnd: boolean;
  /** Stop after exactly this many messages. */
  maxMessages?: number;
  /** Records in one transaction of the database. */
  batchSize?: number;
  verbose: boolean;
  /** Keeps stdout for the summary, as one JSON object. */
  json?: boolean;
  /** Where metrics and health are served, if anywhere. */
  metrics?: { host: string; port: number };
  /** Gets every verdict once it is durable, in addition to the console. */
  onVerdicts?: (verdicts: Verdicts) => void;
}

/**
 * Judges the orders of the topic until `stop`, or until the requested limit.
 *
 * The path of an order is {@linkcode consume}, top to bottom. Permissions: net; read and write of the storage folder;
 * env as kafkajs and the settings need (the permission set `kafka` in deno.json).
 */
export async function run(config: ConsumerConfig, stop: AbortSignal): Promise<void> {
  const kafka = createKafka(config.kafka);
  await using view = await ConsumerView.open(kafka, config, stop);
  const consumerStore = await openConsumerStore(kafka, config, stop);
  try {
    await requireBrokers(config.kafka);
    await requireRegistry(config.registry);
    await ensureTopics(config.kafka, config.topic);
    const { group, topic } = config;
    const facts = await requireRights(kafka, { [topic]: "Read", [deadLetterTopic(topic)]: "Write" });
    const at = { group, topic, topicId: facts?.get(topic)?.id };
    const offsets = await prepareGroup(kafka, consumerStore, { ...config, at });
    await consume(kafka, { ...consumerStore, view }, config, { ...offsets, ...at }, stop);
  } finally {
    await consumerStore.store.close();
  }
}

async function prepareGroup(
  kafka: Kafka,
  { store, lanes, deadMember }: ConsumerStore,
  { at, reset, json }: { at: GroupTopic } & Pick<ConsumerConfig, "reset" | "json">,
): Promise<StartOffsets> {
  const { group, topic } = at;
  try {
    return await withAdmin(kafka, async (admin) => {
      if (deadMember !== undefined) await removeMember(kafka, group, deadMember);
      warnOfSettled(await settleChanges(kafka, admin, store.offsets, at));
      if (reset !== undefined) {
        await requireEmptyGroup(admin, group);
        const { steps, change } = await planReset(kafka, admin, store.offsets, { ...at, ...reset, withStore: true });
        (json ? printError : print)(resetPreview({ topic, target: reset.target, steps }));
        await changeOffsets(kafka, admin, store.offsets, change);
      }
      const offsets = await startGroup(kafka, admin, store, { ...at, isShared: lanes !== undefined });
      warnOfUnread(await unreadOffsets(store.offsets, at, offsets.starts), at);
      return offsets;
    });
  } catch (error) {
    throw accessDenied(error, kafka, { topic, operation: "Read", group }) ?? error;
  }
}

/** Fetch, decode, judge and make durable, commit: one batch of a lane after the other. */
async function consume(
  kafka: Kafka,
  { store, lanes, onJoin, view }: ConsumerStore & { view: ConsumerView },
  config: ConsumerConfig,
  { starts, ends, ...at }: StartOffsets & GroupTopic,
  stop: AbortSignal,
): Promise<void> {
  const decoder = new OrderDecoder(writerSchemas(config.registry, valueSubject(at.topic)));
  const deadLetters = new DeadLetterTopic(kafka);
  const checkpointer = new Checkpointer(store);
  const judge = new Judge();

  async function decode(fetched: SubscribedBatch): Promise<OrderBatch> {
    view.monitor?.took(fetched);
    await decoder.prepare(fetched.records);
    return { ...decodeBatch(fetched, decoder), topicId: at.topicId };
  }

  try {
    await using subscription = new Subscription(kafka, {
      ...at,
      starts,
      until: config.untilEnd ? ends : undefined,
      maxMessages: config.maxMessages,
      batchSize: config.batchSize,
      sharing: lanes === undefined ? undefined : shareBy(store, at, lanes),
      ...view.listeners({ onJoin, starts, isShared: lanes !== undefined }),
    }, stop);
    view.showLag(() => subscription.lag);
    await subscription.work(async (lane) => {
      for await (const { batch, prepared } of preparedAhead(lane, decode, subscription.isCurrent)) {
        // Prepared once, so that the store knows the batch again if it loses the answer to a COMMIT.
        const orders = await subscription.throughOutages(batch, (isAgain) => isAgain ? decode(batch) : prepared);
        if (orders === undefined) continue; // a stop came during an outage
        const process = view.observed(batch, () => processBatch(orders, { store, deadLetters, judge }));
        const verdicts = await checkpointer.during(() => subscription.throughOutages(batch, process));
        if (verdicts === undefined) continue; // the same, or another member was faster
        subscription.commit(batch);
        view.judged(batch, verdicts, orders.deadLetters);
        config.onVerdicts?.(verdicts);
      }
    });
  } finally {
    await checkpointer.stop();
    await deadLetters.close();
    view.finish();
  }
}

const parser = object({
  word: optional(argument(choice(["consume"], { metavar: "consume" }), { hidden: true })),
  reset: option("--reset", {
    description: line("Move the group before consuming: to the earliest record, or --reset-to"),
  }),
  resetTo: optional(option("--reset-to", string({ metavar: "WHERE" }), {
    description: line(RESET_TARGETS),
  })),
  partitions: optional(option("--partitions", string({ metavar: "0,2" }), {
    description: line("Limit the reset to these partitions"),
  })),
  untilEnd: option("--until-end", {
    description: line("Stop when caught up with the topic as it is now, open transactions included"),
  }),
  maxMessages: optional(option("--max-messages", integer({ min: 1, metavar: "N" }), {
    description: line("Stop after exactly N messages"),
  })),
  batchSize: optional(option("--batch-size", integer({ min: 1, max: MAX_GROUP, metavar: "N" }), {
    description: line(`Records in one transaction of the database, ${MAX_GROUP} at most, which is the default`),
  })),
  json: option("--json", { description: line("Print the summary as JSON, and all else on stderr") }),
  verbose: option("--verbose", { description: line("Show every order at any pace") }),
  ...viewFlags,
  ...ordersFlags,
  ...groupFlag,
  ...storeFlags,
});

export function configure(args: readonly string[]): ConsumerConfig {
  if (wantsJsonLog(args)) useJsonLog();
  const options = parseArgs(parser, args, {
    name: "consume",
    brief:
      "Judges the orders in the topic: accepts them, deducting stock and logging them, or rejects them with a warning.",
    examples: [
      "deno task consume",
      "deno task consume --until-end",
      "deno task consume --reset --reset-to latest",
      "deno task consume --reset --reset-to 15m --partitions 0,2",
      "deno task consume --metrics-port 9464",
    ],
  });
  const store = storeSetting(options);
  if (options.batchSize !== undefined && store.database === undefined) {
    throw new Failure(EXIT.usage, "--batch-size goes with a database (DATABASE_URL)");
  }
  return {
    ...ordersSettings(options),
    ...store,
    group: groupSetting(options),
    reset: resetSetting(options),
    untilEnd: options.untilEnd,
    maxMessages: options.maxMessages,
    json: options.json,
    batchSize: options.batchSize,
    verbose: options.verbose,
    ...viewSetting(options),
  };
}

function resetSetting({ reset, resetTo, partitions }: {
  reset: boolean;
  resetTo?: string;
  partitions?: string;
}): ResetSetting | undefined {
  if (!reset && (resetTo ?? partitions) !== undefined) {
    throw new Failure(EXIT.usage, "--reset-to and --partitions go with --reset");
  }
  if (!reset) return undefined;
  return {
    ...resetTargetSetting("--reset-to", resetTo ?? "earliest", Date.now()),
    partitions: partitionsSetting(partitions),
  };
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
