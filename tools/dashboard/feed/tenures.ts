import type { Lane, Tenure } from "../snapshot.ts";

/** How long they are kept, in milliseconds, and how many. */
const KEPT_MS = 600_000;
const MAX_KEPT = 2_000;

/** Who has had which partition, and when. */
export class Tenures {
  /** Oldest first. */
  readonly #kept: Tenure[] = [];
  readonly #current = new Map<number, Tenure>();

  see(at: number, lanes: readonly Pick<Lane, "partition" | "owner">[]): void {
    for (const { partition, owner } of lanes) {
      const current = this.#current.get(partition);
      if (current !== undefined) current.to = at;
      if (current?.owner === owner) continue;
      const next = { partition, owner, from: at, to: at };
      this.#current.set(partition, next);
      this.#kept.push(next);
    }
    while (this.#kept.length > 0 && (this.#kept[0].to < at - KEPT_MS || this.#kept.length > MAX_KEPT)) {
      this.#kept.shift();
    }
  }

  /** Of the last ten minutes, oldest first. */
  all(): Tenure[] {
    return this.#kept.map((tenure) => ({ ...tenure }));
  }
}
