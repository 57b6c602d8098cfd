import type { Verdict } from "../../lib/verdicts.ts";
import { nameKey, type Order } from "../../lib/order.ts";
import type { OrderStore } from "../../lib/ports.ts";
import type { StoreAdmin } from "../../lib/store_admin.ts";
import { restartAt } from "./restart_at.ts";
import { batchOf, outcomes, partitionOf, process } from "./storage.ts";

/** A store of either kind: of a consumer, and of the tools. */
export interface PastWorld extends AsyncDisposable {
  store: OrderStore;
  admin: StoreAdmin;
  setUser(user: string, status: string): Promise<void>;
  setStock(item: string, quantity: number): Promise<void>;
}

/** Something that happened, in this order. */
export type PastEvent =
  | { orders: Order[]; partition: number; from: number }
  | { user: string; status: string }
  | { item: string; more: number };

export const PAST_USERS = { alice: "paid", bob: "unpaid", carol: "paid", dave: "paid" };
const PARTITIONS = 3;
const ITEMS = 6;

/** What there is of each item at the beginning, for a past of `count` orders: half of them run out. */
export function pastItems(count: number): Record<string, number> {
  const even = Math.ceil(3 * count / ITEMS);
  return Object.fromEntries(Array.from({ length: ITEMS }, (_, at) => [`item-${at}`, Math.ceil(even * (at + 1) / 4)]));
}

/**
 * A past of `count` orders over three partitions, the same for the same seed: accepted ones, and every rejection there
 * is. Meanwhile stock comes in, an item is added, and two users change their status.
 */
export function pastOf(count: number, seed: number): PastEvent[] {
  const random = randomOf(seed);
  const below = (end: number) => Math.floor(random() * end);
  const ends = Array<number>(PARTITIONS).fill(0);
  const earlier: Order[][] = ends.map(() => []);
  const events: PastEvent[] = [];
  const edits: PastEvent[] = [
    { user: "bob", status: "paid" },
    { item: "lamp", more: 20 },
    { item: "item-1", more: Math.ceil(count / 20) },
    { user: "carol", status: "unpaid" },
    { item: "item-4", more: 7 },
  ];
  const each = Math.max(1, Math.floor(count / 50));
  for (let made = 0; made < count;) {
    const size = Math.min(1 + below(2 * each), count - made);
    const partition = below(PARTITIONS);
    const orders = Array.from({ length: size }, (_, index) => {
      const [kind, before] = [random(), earlier[partition]];
      if (kind < 0.02 && before.length > 0) return before[below(before.length)];
      const order = orderOf(`${seed}-${made + index}`, partition, { below, time: made + index });
      if (kind < 0.03 && before.length > 0) return { ...order, order_id: before[below(before.length)].order_id };
      if (kind < 0.04) return { ...order, quantity: 0 };
      before.push(order);
      return order;
    });
    events.push({ orders, partition, from: ends[partition] });
    ends[partition] += size;
    made += size;
    const due = made / count * (edits.length + 1);
    while (edits.length > 0 && due > 6 - edits.length) events.push(edits.shift()!);
  }
  return [...events, ...edits];
}

/** Has the store judge a past; the outcome of each record, the last one where it was judged twice. */
export async function live(
  world: PastWorld,
  past: readonly PastEvent[],
  outcomes: Map<string, string> = new Map(),
): Promise<Map<string, string>> {
  for (const event of past) {
    if ("user" in event) await world.setUser(event.user, event.status);
    else if ("item" in event) await comeIn(world, event);
    else note(outcomes, await deliver(world.store, event));
  }
  return outcomes;
}

async function comeIn({ admin, setStock }: PastWorld, { item, more }: { item: string; more: number }): Promise<void> {
  const row = (await admin.items()).find(({ name }) => nameKey(name) === item);
  await setStock(item, (row?.quantity ?? 0) + more);
}

async function deliver(store: OrderStore, { orders, ...at }: { orders: Order[]; partition: number; from: number }) {
  const position = await store.resumeAt(partitionOf(at.partition));
  if (position !== undefined && position !== at.from) await restartAt(store, partitionOf(at.partition), at.from);
  return await process(store, batchOf(orders, at));
}

/** A record that is skipped keeps its verdict. */
function note(known: Map<string, string>, verdicts: readonly Verdict[]): void {
  outcomes(verdicts).forEach((outcome, index) => {
    const { partition, offset } = verdicts[index].received.at;
    if (outcome !== "redelivered") known.set(`${partition}/${offset}`, outcome);
  });
}

/** Items are keyed, so each has its partition. */
function orderOf(
  order_id: string,
  partition: number,
  { below, time }: { below: (end: number) => number; time: number },
): Order {
  const users = ["alice", "alice", "alice", "alice", "carol", "carol", "dave", "bob", "nobody"];
  const items = Array.from({ length: ITEMS / PARTITIONS }, (_, at) => `item-${partition + at * PARTITIONS}`);
  if (partition === 0) items.push("lamp");
  if (partition === 1) items.push("no-such-item");
  const [user, item] = [users[below(users.length)], items[below(items.length)]];
  return { order_id, user, item, quantity: 1 + below(5), created_at: 1_700_000_000_000 + time };
}

/** Mulberry32: numbers in [0, 1). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
