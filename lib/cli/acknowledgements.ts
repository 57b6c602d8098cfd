import { Latencies } from "../latencies.ts";
import type { Acknowledged } from "../ports.ts";

/** What acknowledgements tell about a run: how long they took, and how its orders are spread over the partitions. */
export class Acknowledgements {
  readonly #latencies = new Latencies();
  readonly #sent = new Map<number, number>();

  add({ partition, count, ms }: Acknowledged): void {
    this.#latencies.add(ms, count);
    this.#sent.set(partition, (this.#sent.get(partition) ?? 0) + count);
  }

  /** As fields of the summary in JSON; times in milliseconds. */
  facts() {
    const [p50, p95, p99] = [50, 95, 99].map((percent) => round(this.#latencies.percentile(percent)));
    const spread = this.#spread().map(([partition, sent]) => ({ partition, sent }));
    return { acknowledged_ms: { p50, p95, p99, max: round(this.#latencies.max) }, partitions: spread };
  }

  /** As lines below the summary for a person; none if nothing was sent. */
  lines(): string[] {
    if (this.#sent.size === 0) return [];
    const { p50, p95, p99, max } = this.facts().acknowledged_ms;
    const spread = this.#spread().map(([partition, sent]) => `partition ${partition}: ${sent}`);
    return [
      `acknowledged within ${p50} ms (p50), ${p95} ms (p95), ${p99} ms (p99), ${max} ms (max)`,
      spread.join(", "),
    ];
  }

  #spread(): [partition: number, sent: number][] {
    return [...this.#sent].sort(([one], [other]) => one - other);
  }
}

function round(ms: number): number {
  return Number(ms.toFixed(ms < 10 ? 2 : 1));
}
