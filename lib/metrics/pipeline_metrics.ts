import { Counter, Gauge, Registry } from "prom-client";
import { REJECT_REASONS } from "../decide_order.ts";
import type { VerdictCounts } from "../verdict_counts.ts";

/** What a process can tell of a consumer group: a consumer of its own part, the dashboard of the whole. */
export interface PipelineFigures {
  group: string;
  topic: string;
  partitions: readonly {
    partition: number;
    /** Records; null if not known. */
    lag: number | null;
    /** Age of the oldest record that waits; null if not known. */
    lagSeconds: number | null;
  }[];
  totals: Readonly<Pick<VerdictCounts, "accepted" | "rejected" | "deadLettered">>;
  rebalances: number;
}

/** Reasons that are there from the start, as 0: to Prometheus a series that begins with 1 has not increased. */
const REASONS = [...REJECT_REASONS, "duplicate", "order-id-conflict"];

/**
 * The metrics that consumers and the dashboard have in common. No label is a user, an item or an order, because each
 * value of a label is a series that Prometheus keeps.
 */
export class PipelineMetrics {
  readonly registry = new Registry();
  readonly #lag = this.#lagGauge("kafka_consumergroup_lag", "Records of the partition that the group has not handled");
  readonly #lagSeconds = this.#lagGauge(
    "kafka_consumergroup_group_lag_seconds",
    "Age of the oldest record of the partition that the group has not handled, 0 if there is none",
  );
  readonly #accepted = this.#counter("orders_accepted_total", "Orders accepted");
  readonly #rejected = new Counter({
    name: "orders_rejected_total",
    help: "Orders rejected",
    labelNames: ["reason"],
    registers: [this.registry],
  });
  readonly #deadLetters = this.#counter("dead_letters_total", "Records sent to the dead-letter topic");
  readonly #rebalances = this.#counter("rebalances_total", "Rebalances of the group that this process has noticed");
  readonly #figures: () => PipelineFigures | Promise<PipelineFigures>;

  /** `figures` is asked at each scrape; what it does not know is left out. */
  constructor(figures: () => PipelineFigures | Promise<PipelineFigures>) {
    this.#figures = figures;
  }

  /** Everything in Prometheus' text format. */
  async scrape(): Promise<string> {
    this.#set(await this.#figures());
    return await this.registry.metrics();
  }

  #set({ group, topic, partitions, totals, rebalances }: PipelineFigures): void {
    this.#lag.reset(); // a partition that has moved to another consumer is no longer reported
    this.#lagSeconds.reset();
    for (const { partition, lag, lagSeconds } of partitions) {
      const labels = { consumergroup: group, topic, partition };
      if (lag !== null) this.#lag.set(labels, lag);
      if (lagSeconds !== null) this.#lagSeconds.set(labels, lagSeconds);
    }
    setCounter(this.#accepted, totals.accepted);
    setCounter(this.#deadLetters, totals.deadLettered);
    setCounter(this.#rebalances, rebalances);
    this.#rejected.reset();
    for (const reason of REASONS) this.#rejected.inc({ reason }, 0);
    for (const [reason, count] of Object.entries(totals.rejected)) this.#rejected.inc({ reason }, count);
  }

  #lagGauge(name: string, help: string) {
    return new Gauge({ name, help, labelNames: ["consumergroup", "topic", "partition"], registers: [this.registry] });
  }

  #counter(name: string, help: string) {
    return new Counter({ name, help, registers: [this.registry] });
  }
}

function setCounter(counter: Counter, total: number): void {
  counter.reset();
  counter.inc(total);
}
