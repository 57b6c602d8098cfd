import type { Feed } from "../../tools/dashboard/feed.ts";
import type { RatePoint, Snapshot } from "../../tools/dashboard/snapshot.ts";

/** A feed whose snapshots a test makes itself; its answers to questions are what the test puts in. */
export class MemoryFeed implements Feed {
  snapshot: Omit<Snapshot, "play"> | undefined;
  rates: RatePoint[] = [];
  orders: Feed["orders"] = () => ({ orders: [], searched: 0 });
  why: Feed["why"] = (order_id) =>
    Promise.resolve({ order_id, known: false, records: [], accepted: undefined, rejections: [], replays: [] });
  deadLetters: Feed["deadLetters"] = () => Promise.resolve({ deadLetters: [], count: 0 });
  schemas: Feed["schemas"] = () => Promise.resolve({ subject: "orders-value", versions: [] });
  readonly listeners = new Set<Parameters<Feed["listen"]>[0]>();

  listen(listener: Parameters<Feed["listen"]>[0]): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Shows a new snapshot, as the real feed does once a second. */
  show(changes: Partial<Snapshot> = {}): void {
    const snapshot = { ...emptySnapshot(), ...changes };
    this.snapshot = snapshot;
    this.rates = [...this.rates, snapshot.rate];
    for (const listener of this.listeners) listener(snapshot);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function emptySnapshot(): Omit<Snapshot, "play"> {
  const at = Date.now();
  return {
    at,
    topic: "orders",
    group: "order-processor",
    place: { store: "storage", kind: "files", brokers: "localhost:9092" },
    health: { broker: { ok: true, at }, store: { ok: true, at }, registry: { ok: true, at } },
    lanes: [],
    members: [],
    groupState: "Empty",
    rebalances: [],
    rebalanceCount: 0,
    totals: { accepted: 0, rejected: {}, deadLettered: 0, exact: true },
    rate: { at, accepted: 0, rejected: {}, deadLettered: 0, lag: 0, sampled: false },
    stock: { items: [], count: 0 },
    users: { users: [], count: 0 },
    tenures: [],
    orders: [],
  };
}
