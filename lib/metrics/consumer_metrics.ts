import { Gauge, Histogram } from "prom-client";
import { type PipelineFigures, PipelineMetrics } from "./pipeline_metrics.ts";

/** The most records in a batch are 5,000. */
const SIZES = [1, 10, 100, 500, 1_000, 2_500, 5_000];
const DURATIONS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const AGES_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];

/** Where a batch is committed: its verdicts to the store, its offset to Kafka. */
export type CommitTo = "store" | "kafka";

/**
 * The metrics of one consumer. Each is observed once per batch, never per order: a batch of 5,000 costs as much as one
 * of a single order.
 */
export class ConsumerMetrics extends PipelineMetrics {
  readonly #batchSize = new Histogram({
    name: "orders_batch_size",
    help: "Records in a batch",
    buckets: SIZES,
    registers: [this.registry],
  });
  readonly #commit = new Histogram({
    name: "orders_commit_duration_seconds",
    help: "Time to judge a batch and make its verdicts durable (to=store), and to commit its offset (to=kafka)",
    labelNames: ["to"],
    buckets: DURATIONS_S,
    registers: [this.registry],
  });
  readonly #age = new Histogram({
    name: "orders_age_at_verdict_seconds",
    help: "Age of the oldest record of a batch when the verdicts of the batch were durable",
    buckets: AGES_S,
    registers: [this.registry],
  });

  constructor(figures: () => PipelineFigures | Promise<PipelineFigures>, isReady: () => boolean) {
    super(figures);
    for (const to of ["store", "kafka"] satisfies CommitTo[]) this.#commit.zero({ to });
    new Gauge({
      name: "orders_consumer_ready",
      help: "1 while /health/ready answers 200, else 0",
      registers: [this.registry],
      collect() {
        this.set(isReady() ? 1 : 0);
      },
    });
  }

  /** Notes a batch whose verdicts are durable; its oldest record was sent at `oldest`, in milliseconds as `now`. */
  judged({ records, oldest, now }: { records: number; oldest: number; now: number }): void {
    this.#batchSize.observe(records);
    if (records > 0) this.#age.observe(Math.max(0, now - oldest) / 1_000);
  }

  committed(to: CommitTo, ms: number): void {
    this.#commit.observe({ to }, ms / 1_000);
  }
}
