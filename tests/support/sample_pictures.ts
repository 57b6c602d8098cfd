import {
  LIMITS,
  type Member,
  type Rebalance,
  type SeenOrder,
  type Snapshot,
  type Tenure,
} from "../../tools/dashboard/snapshot.ts";

const USERS = ["alice", "bob", "carol"];
const ITEMS = ["book", "pen", "notebook"];
const STATUS: Record<string, string> = { alice: "paid", bob: "pending", carol: "paid" };

export interface SampleSettings {
  partitions?: number;
  /** Records that come in a second, in all partitions, and those that one member reads in a second. */
  rate?: number;
  pace?: number;
  members?: number;
  /** When it begins, in milliseconds. */
  at?: number;
  /** The offset at which every partition begins. */
  start?: number;
}

/**
 * Makes up what a dashboard's feed would see of a small pipeline, second by second; the same settings, the same pictures.
 *
 * Members can join, leave and die in it. Nothing of it is real: it is for what only looks at pictures.
 */
export class SamplePictures {
  at: number;
  rate: number;
  pace: number;
  members: Member[] = [];
  readonly #lanes: Snapshot["lanes"];
  readonly #stock = new Map(ITEMS.map((item, index) => [item, 900 - 200 * index]));
  readonly #totals: Snapshot["totals"] = { accepted: 0, rejected: {}, deadLettered: 0, exact: true };
  #orders: SeenOrder[] = [];
  #rebalances: Rebalance[] = [];
  #tenures: Tenure[] = [];
  #seed = 7;
  #joined = 0;

  constructor(settings: SampleSettings = {}) {
    const { partitions = 3, rate = 30, pace = 60, members = 2, at = Date.now(), start = 0 } = settings;
    this.at = at;
    this.rate = rate;
    this.pace = pace;
    this.#lanes = Array.from({ length: partitions }, (_, partition) => ({
      partition,
      start,
      committed: start,
      end: start,
      lag: 0,
      lagSeconds: 0,
      owner: null,
      marks: [],
    }));
    for (let index = 0; index < members; index++) this.#add();
    this.#share();
  }

  join(): void {
    this.#add();
    this.#rebalance("joined", 1_200, `${this.members.at(-1)!.clientId} joined`);
  }

  leave(cause: "left" | "died"): void {
    const [gone] = this.members.splice(-1);
    this.#rebalance(cause, cause === "died" ? 9_400 : 300, `${gone.clientId} ${cause}`);
  }

  /** The picture a second later. */
  next(): Omit<Snapshot, "play"> {
    this.at += 1_000;
    const rate = { at: this.at, accepted: 0, rejected: {} as Record<string, number>, deadLettered: 0 };
    for (const lane of this.#lanes) {
      lane.end += Math.round(this.rate / this.#lanes.length * (0.7 + 0.6 * this.#random()));
      const share = this.members.find(({ id }) => id === lane.owner)?.partitions.length ?? 0;
      const read = share === 0 ? 0 : Math.min(lane.end - lane.committed!, Math.round(this.pace / share));
      for (let index = 0; index < read; index++) this.#judge(lane, rate);
      lane.lag = lane.end - lane.committed!;
      lane.lagSeconds = lane.lag / (this.rate / this.#lanes.length || 1);
    }
    for (const { partition } of this.#lanes) {
      this.#tenures.findLast((tenure) => tenure.partition === partition)!.to = this.at;
    }
    this.#tenures = this.#tenures.filter(({ to }) => to > this.at - 600_000);
    const lag = this.#lanes.reduce((sum, lane) => sum + lane.lag!, 0);
    for (const [item, quantity] of this.#stock) {
      if (quantity < 4 && this.#random() < 0.08) this.#stock.set(item, 1_000);
    }
    return structuredClone({
      at: this.at,
      topic: "orders",
      group: "order-processor",
      place: { store: "storage", kind: "files", brokers: "localhost:9092" },
      health: {
        broker: { ok: true, at: this.at },
        store: { ok: true, at: this.at },
        registry: { ok: true, at: this.at },
      },
      lanes: this.#lanes,
      members: this.members,
      groupState: this.members.length === 0 ? "Empty" : "Stable",
      rebalanceCount: this.#rebalances.length,
      rebalances: this.#rebalances,
      tenures: this.#tenures,
      totals: this.#totals,
      rate: { ...rate, lag, sampled: false },
      stock: {
        items: [...this.#stock].map(([item, quantity]) => ({
          item,
          quantity,
          peak: 1_000,
          emptyInSeconds: rate.accepted === 0 ? null : Math.round(quantity / (rate.accepted / 3 * 2)),
        })),
        count: ITEMS.length,
      },
      users: { users: USERS.map((name) => ({ name, status: STATUS[name] })), count: USERS.length },
      orders: this.#orders,
    });
  }

  #judge(lane: Snapshot["lanes"][number], rate: Snapshot["rate"] | Omit<Snapshot["rate"], "lag" | "sampled">): void {
    const offset = lane.committed!++;
    const [user, item] = [this.#pick(USERS), this.#pick(ITEMS)];
    const quantity = 1 + Math.floor(this.#random() * 3);
    const stock = this.#stock.get(item)!;
    const reason = STATUS[user] !== "paid" && this.#random() < 0.5
      ? "unpaid-user"
      : this.#random() < 0.02
      ? "unknown-user"
      : stock < quantity
      ? "insufficient-stock"
      : undefined;
    const isPoison = this.#random() < 0.012;
    const verdict = isPoison ? "dead-letter" : reason ?? "accepted";
    lane.marks = [...lane.marks, { offset, verdict }].slice(-LIMITS.marks);
    if (isPoison) {
      rate.deadLettered++;
      this.#totals.deadLettered++;
      return;
    }
    const at = { topic: "orders", partition: lane.partition, offset };
    const order = { order_id: this.#uuid(), user, item, quantity, created_at: this.at - 400, ...at, at: this.at };
    if (reason === undefined) {
      this.#stock.set(item, stock - quantity);
      rate.accepted++;
      this.#totals.accepted++;
      this.#see({ ...order, verdict: "accepted", remaining: stock - quantity });
    } else {
      rate.rejected[reason] = (rate.rejected[reason] ?? 0) + 1;
      this.#totals.rejected[reason] = (this.#totals.rejected[reason] ?? 0) + 1;
      this.#see({ ...order, verdict: "rejected", reason, status: STATUS[user], stock, rejected_at: this.at });
    }
  }

  #see(order: SeenOrder): void {
    this.#orders = [order, ...this.#orders].slice(0, LIMITS.orders);
  }

  #add(): void {
    this.#joined++;
    const id = `order-pipeline-${this.#uuid()}`;
    this.members.push({ id, clientId: `order-pipeline`, host: "/127.0.0.1", partitions: [] });
  }

  #rebalance(cause: Rebalance["cause"], ms: number, sentence: string): void {
    this.#rebalances = [{ at: this.at + ms, ms, cause, sentence }, ...this.#rebalances].slice(0, LIMITS.rebalances);
    this.#share();
  }

  #share(): void {
    for (const member of this.members) member.partitions = [];
    this.#lanes.forEach((lane, index) => {
      const member = this.members[index % this.members.length];
      lane.owner = member?.id ?? null;
      member?.partitions.push(lane.partition);
      this.#tenures.push({ partition: lane.partition, owner: lane.owner, from: this.at, to: this.at });
    });
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)];
  }

  #uuid(): string {
    const hex = () => Math.floor(this.#random() * 2 ** 16).toString(16).padStart(4, "0");
    return `${hex()}${hex()}-${hex()}-4${hex().slice(1)}-8${hex().slice(1)}-${hex()}${hex()}${hex()}`;
  }

  /** Between 0 and 1 (mulberry32). */
  #random(): number {
    let mixed = this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
