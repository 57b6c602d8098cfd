import type { Kafka } from "kafkajs";
import { isJsonLog, logEvent } from "../lib/cli/log.ts";
import { print, printError } from "../lib/cli/print.ts";
import { VerdictLog } from "../lib/cli/verdict_log.ts";
import { VerdictReport } from "../lib/cli/verdict_report.ts";
import { warn } from "../lib/cli/warn.ts";
import type { SubscriptionOptions } from "../lib/kafka/consume/subscription_options.ts";
import type { DeadLetter, FetchedBatch } from "../lib/ports.ts";
import { batchTracer, type TraceBatch } from "../lib/telemetry/traced_batches.ts";
import type { Verdicts } from "../lib/verdicts.ts";
import type { ConsumerMonitor } from "./consumer_monitor.ts";

export interface ViewSetting {
  group: string;
  topic: string;
  verbose: boolean;
  /** Keeps stdout for the total, as one JSON object. */
  json?: boolean;
  /** Where metrics and health are served, if anywhere. */
  metrics?: { host: string; port: number };
}

/** Shows what a consumer does: to a person or a log, and to operators if they have asked for it. */
export class ConsumerView implements AsyncDisposable {
  /** Hears how reading goes on. */
  readonly monitor: ConsumerMonitor | undefined;
  readonly #report: VerdictReport | VerdictLog;
  readonly #trace: TraceBatch;
  /** How long the work on a batch took, in milliseconds. */
  readonly #took = new WeakMap<FetchedBatch, number>();

  private constructor(
    setting: ViewSetting,
    { report, monitor }: { report: VerdictReport | VerdictLog; monitor: ConsumerMonitor | undefined },
  ) {
    this.#trace = batchTracer(setting);
    this.#report = report;
    this.monitor = monitor;
  }

  /** Permission: net, if it serves metrics. */
  static async open(kafka: Kafka, setting: ViewSetting, stop: AbortSignal): Promise<ConsumerView> {
    const report = isJsonLog() ? new VerdictLog(setting) : new VerdictReport(setting);
    if (setting.metrics === undefined) return new ConsumerView(setting, { report, monitor: undefined });
    // Loaded only where it is used: it takes a third of a consumer's start.
    const { ConsumerMonitor } = await import("./consumer_monitor.ts");
    const options = { ...setting, ...setting.metrics, counts: () => report.counts };
    const monitor = new ConsumerMonitor(kafka, options, stop);
    (setting.json ? printError : print)(`Metrics at ${monitor.url}`);
    return new ConsumerView(setting, { report, monitor });
  }

  /** What a subscription calls; `onJoin` is the store's own. */
  listeners(
    { onJoin, starts, isShared }: Pick<SubscriptionOptions, "onJoin" | "starts"> & { isShared: boolean },
  ): Pick<SubscriptionOptions, "onJoin" | "onOutage" | "onNotice" | "watch"> {
    // Members that share a group go on where their store says, which they learn after they have joined.
    const certain = isShared ? new Map<number, number>() : starts;
    return {
      onJoin: (member, partitions) => {
        onJoin(member, partitions);
        this.monitor?.joined(partitions, certain);
        if (isJsonLog()) logEvent("info", "joined", { member, partitions });
      },
      onOutage: (sentence) => {
        this.monitor?.outage(sentence);
        if (!isJsonLog()) warn(sentence ?? "Going on");
        else if (sentence === undefined) logEvent("info", "recovered", { message: "Going on" });
        else logEvent("warn", "outage", { message: sentence });
      },
      onNotice: warn,
      watch: this.monitor,
    };
  }

  /** `work` on a batch, timed and in a span of its own. */
  observed<T>(batch: FetchedBatch, work: () => Promise<T>): () => Promise<T> {
    return async () => {
      const begin = performance.now();
      const result = await this.#trace(batch, work);
      this.#took.set(batch, performance.now() - begin);
      return result;
    };
  }

  /** The work on a batch has succeeded. */
  judged(batch: FetchedBatch, verdicts: Verdicts, deadLetters: readonly DeadLetter[]): void {
    this.#report.show(verdicts);
    this.#report.showDeadLetters(deadLetters);
    this.monitor?.judged(batch, this.#took.get(batch)!);
  }

  /** Shows at machine pace, too, how many records wait; `lagNow` returns undefined while that is not known. */
  showLag(lagNow: () => number | undefined): void {
    if (this.#report instanceof VerdictReport) this.#report.showLag(lagNow);
  }

  /** Shows the totals. */
  finish(): void {
    this.#report.finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.monitor?.[Symbol.asyncDispose]();
  }
}
