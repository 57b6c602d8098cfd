import type { Kafka } from "kafkajs";
import { ConsumerHealth } from "../lib/consumer_health.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { wholeLogs } from "../lib/kafka/consume/log_ends.ts";
import type { ReadWatch } from "../lib/kafka/consume/subscription_options.ts";
import { ConsumerMetrics } from "../lib/metrics/consumer_metrics.ts";
import { operatorRoute } from "../lib/metrics/operator_routes.ts";
import type { PipelineFigures } from "../lib/metrics/pipeline_metrics.ts";
import { PartitionLags } from "../lib/partition_lags.ts";
import type { FetchedBatch } from "../lib/ports.ts";
import type { VerdictCounts } from "../lib/verdict_counts.ts";

/** Ends of partitions that no fetch has told for so long are asked for at a scrape: as long as a batch has to wait. */
const FRESH_MS = 5_000;
/** How long a scrape waits for that, well below Prometheus' own limit of 10 s. */
const ASK_MS = 2_000;
/** How long answers that are on their way may take at the end. */
const LAST_ANSWERS_MS = 2_000;

export interface MonitorOptions {
  host: string;
  /** 0 is a free one. */
  port: number;
  group: string;
  topic: string;
  counts: () => Readonly<VerdictCounts>;
}

/**
 * Tells operators what a consumer does: `/metrics`, `/health/live` and `/health/ready` by HTTP, from its start to its
 * end. Permission: net.
 */
export class ConsumerMonitor implements ReadWatch, AsyncDisposable {
  readonly #options: MonitorOptions;
  readonly #kafka: Kafka;
  readonly #health = new ConsumerHealth();
  readonly #lags = new PartitionLags();
  readonly #metrics: ConsumerMetrics;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #rebalances = 0;
  #asking: Promise<void> | undefined;

  /** Listens; throws a {@linkcode Failure} (75 or 78) if it cannot. */
  constructor(kafka: Kafka, options: MonitorOptions, stop: AbortSignal) {
    this.#kafka = kafka;
    this.#options = options;
    const complaint = () => this.#health.complaint(performance.now());
    this.#metrics = new ConsumerMetrics(() => this.#figures(), () => complaint() === undefined);
    const answers = { scrape: () => this.#metrics.scrape(), complaint };
    this.#server = listen(options, async (request) => await operatorRoute(request, answers) ?? notFound());
    stop.addEventListener("abort", () => this.#health.stopping(), { once: true });
  }

  get url(): string {
    const { hostname, port } = this.#server.addr;
    return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}/metrics`;
  }

  /** Notes a share of the partitions; `starts` are positions that are certain. */
  joined(partitions: readonly number[], starts: ReadonlyMap<number, number>): void {
    this.#rebalances++;
    this.#health.joined(partitions.length, performance.now());
    this.#lags.assign(partitions, starts);
  }

  outage(sentence: string | undefined): void {
    this.#health.outage(sentence, performance.now());
  }

  fetched(ends: Parameters<ReadWatch["fetched"]>[0]): void {
    this.#health.alive(performance.now());
    const now = Date.now();
    for (const { partition, high } of ends) this.#lags.ends(partition, high, now);
  }

  advanced(partition: number, to: number): void {
    this.#lags.advance(partition, to, Date.now());
  }

  committed({ partition, to, records }: FetchedBatch, ms: number): void {
    this.#metrics.committed("kafka", ms);
    const { length, timestamp } = records;
    if (length > 0) this.#lags.sentUntil(partition, to, timestamp[length - 1]);
  }

  /** Notes that a batch is about to be handled. */
  took({ partition, records }: FetchedBatch): void {
    if (records.length > 0) this.#lags.took(partition, records.timestamp[0]);
  }

  /** Notes that the verdicts of a batch are durable, `ms` after it was decoded. */
  judged({ records }: FetchedBatch, ms: number): void {
    this.#health.alive(performance.now());
    this.#metrics.committed("store", ms);
    let oldest = Infinity;
    for (let row = 0; row < records.length; row++) oldest = Math.min(oldest, records.timestamp[row]);
    this.#metrics.judged({ records: records.length, oldest, now: Date.now() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await within(this.#server.shutdown(), LAST_ANSWERS_MS);
  }

  async #figures(): Promise<PipelineFigures> {
    await this.#refreshEnds();
    const { group, topic, counts } = this.#options;
    return { group, topic, partitions: this.#lags.lags(Date.now()), totals: counts(), rebalances: this.#rebalances };
  }

  /** While a batch waits out an outage nothing is fetched; how much is waiting meanwhile, only the brokers know. */
  async #refreshEnds(): Promise<void> {
    if (this.#lags.unseenSince(Date.now() - FRESH_MS).length === 0) return;
    this.#asking ??= this.#askForEnds().finally(() => this.#asking = undefined);
    await within(this.#asking, ASK_MS);
  }

  async #askForEnds(): Promise<void> {
    try {
      const logs = await wholeLogs(this.#kafka, this.#options.topic);
      for (const { partition, high } of logs) this.#lags.ends(partition, high, Date.now());
    } catch {
      // away: the lag stays as it was last known, and /health/ready says why
    }
  }
}

function listen(
  { host, port }: { host: string; port: number },
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname: host, port, onListen: () => {} }, handler);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Failure(
        EXIT.busy,
        `Port ${port} of ${host} is taken by another process: choose another --metrics-port`,
      );
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(EXIT.config, `Cannot listen on ${host} port ${port}: ${why} (--metrics-host, --metrics-port)`);
  }
}

/** Resolves once `work` does, or after so many milliseconds. */
async function within(work: Promise<void>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function notFound(): Response {
  return new Response("Only /metrics, /health/live and /health/ready\n", { status: 404 });
}
