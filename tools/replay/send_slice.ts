import { counted } from "../../lib/counted.ts";
import { durationText } from "../../lib/cli/duration_text.ts";
import { printJsonLines } from "../../lib/cli/json_lines.ts";
import { printError } from "../../lib/cli/print.ts";
import { SendReport } from "../../lib/cli/progress.ts";
import type { KafkaSettings } from "../../lib/cli/settings.ts";
import { requireBrokers } from "../../lib/kafka/client/require_brokers.ts";
import { type PaceSetting, sendPaced } from "../../lib/pace.ts";
import { lengthOf } from "../../lib/rhythm.ts";
import type { Slice } from "../../lib/slice.ts";

/** Where the records of a slice are sent. */
export interface Sink<T> {
  send(records: readonly T[]): Promise<void>;
  close(): Promise<void>;
  /** One line about a record that was sent. */
  describe(record: T): string;
}

/** How the records of a slice are shown and sent. */
export interface Sender<T> {
  /** Connects; creates what is missing at the broker and the registry. */
  open(settings: KafkaSettings): Promise<Sink<T>>;
  /** The most records in memory, where that is a concern. */
  maxBatch?: number;
  /** When a record was created, in milliseconds since the epoch; missing where records do not say. */
  timeOf?(record: T): number;
  /** A record as `--dry-run` prints it. */
  preview(record: T): unknown;
}

export interface SendOptions extends KafkaSettings {
  pace: PaceSetting;
  /** Print the records instead of sending them. */
  dryRun: boolean;
  json: boolean;
  verbose: boolean;
  /** The flags to send the rest of the slice, or all of it again. */
  resume: string;
  /** The command with those flags. */
  command: string;
  /** The run that resumes by its id, for the summary. */
  run: string | undefined;
}

/** Sends a slice until it is sent or `stop` aborts; then says how to send the rest. */
export async function sendSlice<T>(
  slice: Slice<T>,
  sender: Sender<T>,
  { stop, ...options }: SendOptions & { stop: AbortSignal },
): Promise<void> {
  const { dryRun, resume, command, run, pace } = options;
  const seconds = await secondsFor(slice, sender, pace);
  const announcement = announce(slice, options, seconds);
  if (dryRun) {
    printError(announcement);
    return await printJsonLines(previews(slice, sender), stop);
  }
  await requireBrokers(options.kafka);
  const sink = await sender.open(options);
  const report = new SendReport({ ...options, total: slice.total, seconds, describe: sink.describe });
  report.note(announcement);
  try {
    await sendPaced(slice.items(), {
      pace,
      stop,
      total: slice.total,
      maxBatch: sender.maxBatch,
      timeOf: sender.timeOf,
      send: async (records) => {
        await sink.send(records);
        report.sent(records);
      },
    });
  } finally {
    const rest = report.count < slice.total ? `; for the rest: ${command}` : "";
    report.finish({ total: slice.total, ...slice.counts, run, resume }, rest);
    await sink.close();
  }
}

function announce(
  { total, noun, notes }: Slice<unknown>,
  { topic, resume }: SendOptions,
  seconds: number | undefined,
): string {
  const what = `Replaying ${counted(total, noun)} to ${topic} with ${resume}`;
  return [what, ...seconds === undefined ? [] : [`it takes ${durationText(seconds)}`], ...notes].join("; ");
}

/** How long the slice takes at this pace; undefined for as fast as possible. */
async function secondsFor<T>(
  { total, items }: Slice<T>,
  { timeOf }: Sender<T>,
  pace: PaceSetting,
): Promise<number | undefined> {
  if (pace.speed !== undefined) return await lengthOf(items(), pace, timeOf!) / 1_000;
  const interval = pace.rate === undefined ? pace.delay ?? 0 : 1 / pace.rate;
  return interval === 0 ? undefined : (total - 1) * interval;
}

async function* previews<T>(slice: Slice<T>, sender: Sender<T>): AsyncGenerator<unknown> {
  for await (const record of slice.items()) yield sender.preview(record);
}
