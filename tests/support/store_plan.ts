import type { Order } from "../../lib/order.ts";
import { seededRandom } from "../faults/fault.ts";

/** Records of one partition that are delivered together; the first lies at `from`. */
export interface PlannedBatch {
  partition: number;
  from: number;
  orders: Order[];
  /** What people do just before. */
  before: PlannedEdit[];
}

/** What somebody does to the storage while it is in use. */
export type PlannedEdit =
  /** `deno task inventory`: so much more of an item, which may be new. */
  | { kind: "tool"; item: string; add: number }
  /** `deno task user`. */
  | { kind: "user"; user: string; status: string }
  /** An editor changes one row of inventory.csv, and keeps its `as_of` or blanks it. */
  | { kind: "hand"; item: string; quantity: number; blank: boolean }
  /** A checkpoint, as when idle. */
  | { kind: "checkpoint" };

const PARTITIONS = 2;
export const ITEMS = ["book", "pen", "cup"];
const USERS = ["alice", "carol", "bob", "nobody"];

/** `count` batches for both partitions in turn; the seed determines them. */
export function storePlan(seed: number, count: number): PlannedBatch[] {
  const random = seededRandom(seed);
  const below = (end: number) => Math.floor(random() * end);
  const pick = <T>(choices: readonly T[]) => choices[below(choices.length)];
  const next = new Array(PARTITIONS).fill(0);
  const sent: Order[] = [];
  return Array.from({ length: count }, (_, index) => {
    const partition = index % PARTITIONS;
    const orders = Array.from({ length: 1 + below(6) }, (_, place): Order => {
      if (sent.length > 0 && random() < 0.08) return { ...pick(sent), quantity: 1 + below(2) };
      const quantity = random() < 0.05 ? 0 : 1 + below(4);
      const user = random() < 0.8 ? "alice" : pick(USERS);
      const item = random() < 0.03 ? "unheard-of" : pick(ITEMS);
      return { order_id: `${seed}-${index}-${place}`, user, item, quantity, created_at: 1_700_000_000_000 + index };
    });
    sent.push(...orders);
    const from = next[partition];
    next[partition] += orders.length;
    return { partition, from, orders, before: random() < 0.4 ? [plannedEdit(below, pick)] : [] };
  });
}

function plannedEdit(below: (end: number) => number, pick: <T>(choices: readonly T[]) => T): PlannedEdit {
  switch (below(5)) {
    case 0:
      return { kind: "user", user: pick(USERS.slice(1)), status: pick(["paid", "unpaid"]) };
    case 1:
      return { kind: "hand", item: pick(ITEMS), quantity: 5 + below(50), blank: below(4) === 0 };
    case 2:
      return { kind: "checkpoint" };
    default:
      return { kind: "tool", item: pick([...ITEMS, `item-${below(3)}`]), add: 1 + below(40) };
  }
}
