import type { KnownVerdicts, OffsetStore } from "./offset_changes.ts";
import type { OffsetRange, PartitionRanges } from "./offset_ranges.ts";
import type { Coordinates, Order, StockItem, User } from "./order.ts";
import type { OutgoingOrder } from "./ports.ts";
import type { Slice } from "./slice.ts";
import type { SliceFilter } from "./slice.ts";
import type { Rejection } from "./verdicts.ts";

/**
 * The tools' side of a store: what people and commands other than the consumer do with it, even while consumers run.
 *
 * An edit that resolves is durable. The caller closes.
 */
export interface StoreAdmin {
  /** The folder or the database as it is named to a person; never with a password. */
  readonly place: string;
  /** What it consists of. */
  readonly parts: "files" | "tables";
  /** Users and items as they are stored, for `produce`: takes no lock and tidies nothing. A store not made yet is a 78. */
  glance(): Promise<{ users: User[]; items: StockItem[] }>;
  users(): Promise<User[]>;
  /** The stock as of now. */
  items(): Promise<StockItem[]>;
  editUser(edit: UserEdit): Promise<EditOutcome>;
  editItem(edit: ItemEdit): Promise<EditOutcome>;
  /** Adds the users and items that are missing, creating the store if need be; returns them. */
  addMissing(users: readonly User[], items: readonly StockItem[]): Promise<{ users: User[]; items: StockItem[] }>;
  /**
   * Sets everything aside, and starts again with `users` and `items`; returns the name of what was set aside, or
   * undefined where there was nothing.
   */
  startOver(users: readonly User[], items: readonly StockItem[]): Promise<string | undefined>;
  /** Checks the balance on a snapshot, and shows `visit` the place of each verdict in it. */
  audit(visit: VerdictVisitor): Promise<StoreAudit>;
  /** Shows `use` all that it holds, as of one moment. Writes nothing. */
  contents<T>(use: (contents: StoreContents) => Promise<T>, options: ContentsOptions): Promise<T>;
  history(orderId: string): Promise<OrderHistory>;
  /** Changes of a group's offsets; also works where there is no store yet, which then only notes them. */
  readonly offsets: OffsetStore;
  /** What the store knows about the records in one range of each partition of `topic`. */
  verdictsIn(topic: string, ranges: ReadonlyMap<number, OffsetRange>): Promise<Map<number, KnownVerdicts>>;
  /** The user and the item an order names, as they are now; writes nothing. */
  lookUp(names: { user: string; item: string }): Promise<{ status?: string; quantity?: number }>;
  /** The accepted orders as of the call, oldest first, for a replay. */
  acceptedSlice(choice: AcceptedChoice): Promise<Slice<OutgoingOrder>>;
  /**
   * The rejected orders as of the call that may be accepted now: each once, by its last rejection, with the id it has.
   * Orders that were accepted since, and those that are not retryable, are left out.
   */
  rejectedSlice(choice: RejectedChoice): Promise<Slice<OutgoingOrder>>;
  close(): Promise<void>;
}

export interface UserEdit {
  action: "add" | "update";
  name: string;
  status: string;
}

export interface ItemEdit {
  action: "add" | "update";
  name: string;
  /** Stock from now on. */
  quantity: number;
}

/** The outcome of an edit; `was` is the value before it, undefined where there was no such row. */
export type EditOutcome =
  | { done: true; was: string | number | undefined }
  /** The row to add exists, or the row to update does not: nothing was changed. `names` are the existing ones. */
  | { done: false; names: string[] };

/** An accepted order as a store keeps it. */
export interface AcceptedOrder extends Order, Coordinates {
  /** Stock of the item after this order. */
  remaining: number;
  /** The order_id that this one is a replay of. */
  replay_of?: string;
  /** Its number among accepted orders and stock edits, where the store counts them. */
  seq?: number;
  /** Milliseconds since the epoch, where the store notes it. */
  accepted_at?: number;
}

/** A rejected order as a store keeps it. */
export interface RejectedOrder extends Order, Coordinates {
  reason: Rejection;
  /** The user's status and the item's stock as seen, where they were looked up. */
  status?: string;
  stock?: number;
  replay_of?: string;
  /** Milliseconds since the epoch. */
  rejected_at: number;
}

/** All that a store knows about one `order_id`. */
export interface OrderHistory {
  accepted: AcceptedOrder | undefined;
  /** Rejections, oldest first: of the order itself, and of others that came with its id. */
  rejections: RejectedOrder[];
  /** Accepted orders that are replays of it. */
  replays: AcceptedOrder[];
}

/** Opening + edits - accepted = stock, for one item; `opening` is what it was created with. */
export interface ItemBalance {
  item: string;
  opening: number;
  edits: number;
  accepted: number;
  /** What the stock should be, and what it is; null where there is no such item. */
  expected: number | null;
  stock: number | null;
}

export interface BalanceAudit {
  items: ItemBalance[];
  /** What does not add up line by line: places and figures, one sentence each. */
  faults: string[];
  accepted: number;
}

export interface StoreAudit extends BalanceAudit {
  /** What was read of each partition. */
  positions: PartitionRanges[];
}

/** What was read of one partition, and its position; undefined where the group's offset gives it. */
export interface MovedPartition extends PartitionRanges {
  position?: number;
}

/** All that a store holds, as of one moment. The streams may be read more than once. */
export interface StoreContents extends BalanceAudit {
  users: readonly User[];
  partitions: readonly MovedPartition[];
  /** In the order they were accepted. */
  orders(): Iterable<AcceptedOrder> | AsyncIterable<AcceptedOrder>;
  /** The last verdict on each record that is no accepted order. */
  rejected(): Iterable<RejectedOrder> | AsyncIterable<RejectedOrder>;
  /** The same by partition, each by offset. */
  rejectedByOffset(): RejectedPartition[];
  /** The stock of the items that {@linkcode ContentsOptions.asOf} names, by `nameKey`; undefined where it has none. */
  stockAsOf?: ReadonlyMap<string, number | null>;
}

export interface RejectedPartition {
  topic: string;
  partition: number;
  orders: Iterable<RejectedOrder> | AsyncIterable<RejectedOrder>;
}

export interface ContentsOptions {
  /** Items by `nameKey`, each with a number of the common sequence; only where the store counts in one. */
  asOf?: ReadonlyMap<string, number>;
  /** Ends a long read, which then rejects with the reason. */
  stop?: AbortSignal;
}

/** Gets the place of each verdict. */
export interface VerdictVisitor {
  accepted(place: Coordinates): void;
  rejected(place: Coordinates): void;
}

/** Which accepted orders are replayed, and how. */
export interface AcceptedChoice {
  /** A UUID; the same run gives the same order the same new id. */
  run: string;
  /** Keep the orders' ids and times. */
  sameId: boolean;
  /** Leave out orders that are replays themselves. */
  originals: boolean;
  /** By when they were created, user and item; `from` and `to` are lines of the log, where the store has one. */
  filter: SliceFilter;
}

/** Which rejected orders are redriven. */
export interface RejectedChoice {
  filter: SliceFilter;
  /** A UUID that the orders are marked with. */
  run: string;
  /** Order ids that this run, begun earlier, has sent already. */
  sent: ReadonlySet<string>;
}
