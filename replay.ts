import { escapeControls } from "./lib/cli/escape.ts";
import { showProgress } from "./lib/cli/long_work.ts";
import { main } from "./lib/cli/main.ts";
import { printError } from "./lib/cli/print.ts";
import { createKafka } from "./lib/kafka/client/client.ts";
import { deadLetterSlice } from "./lib/kafka/dead_letters/dead_letter_slice.ts";
import { requireBrokers } from "./lib/kafka/client/require_brokers.ts";
import { sentByRun } from "./lib/kafka/inspect/sent_by_run.ts";
import type { Slice } from "./lib/slice.ts";
import { deadLetterTopic } from "./lib/topics.ts";
import { placeOf, withStore } from "./tools/open_store.ts";
import { deadLetterSender } from "./tools/replay/dead_letter_sender.ts";
import { orderSender } from "./tools/replay/order_sender.ts";
import { configure, type ReplayConfig, resumeCommand, resumeFlags } from "./tools/replay/replay_flags.ts";
import { type Sender, sendSlice } from "./tools/replay/send_slice.ts";

/**
 * Sends again the orders or dead letters that exist at the call, until all are sent or `stop` aborts.
 *
 * A run can be resumed by its id, and then sends no record twice (docs/decisions, 3 and 6). Permissions: those
 * of `withStore`; net and env as kafkajs and the settings need (the permission set `kafka` in deno.json), but none for
 * Kafka where a new run only shows accepted or rejected orders.
 */
export async function run(config: ReplayConfig, stop: AbortSignal): Promise<void> {
  const { source, store: setting, topic, run } = config;
  switch (source.of) {
    case "accepted":
      return await withStore(setting, async (store) => {
        const slice = await store.acceptedSlice({ ...source, run });
        await replay(slice, orderSender, { config, stop });
      });
    case "rejected": {
      const sent = await sentBefore(config);
      return await withStore(setting, async (store) => {
        const slice = await store.rejectedSlice({ filter: source.filter, run, sent });
        await replay(slice, orderSender, { config, stop });
      });
    }
    case "dlq": {
      await requireBrokers(config.kafka);
      const sent = await sentBefore(config);
      const slice = await deadLetterSlice(createKafka(config.kafka), topic, {
        filter: source.filter,
        run,
        sent,
        begin: showProgress,
      });
      return await replay(slice, deadLetterSender, { config, stop });
    }
    default:
      return source satisfies never;
  }
}

/** What a resumed run has sent; it is in the topic. */
async function sentBefore({ resumed, kafka, topic, run }: ReplayConfig): Promise<ReadonlySet<string>> {
  if (!resumed) return new Set();
  await requireBrokers(kafka);
  return await sentByRun(createKafka(kafka), topic, { run, begin: showProgress });
}

async function replay<T>(
  slice: Slice<T>,
  sender: Sender<T>,
  { config, stop }: { config: ReplayConfig; stop: AbortSignal },
): Promise<void> {
  const { source, store, topic } = config;
  if (slice.total === 0) {
    const where = source.of === "dlq" ? deadLetterTopic(topic) : placeOf(store);
    return printError(escapeControls([`Nothing to replay in ${where}`, ...slice.notes].join("; ")));
  }
  const run = source.of === "accepted" && source.sameId ? undefined : config.run;
  const resume = resumeFlags(config, slice);
  await sendSlice(slice, sender, { ...config, run, resume, command: resumeCommand(config, resume), stop });
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
