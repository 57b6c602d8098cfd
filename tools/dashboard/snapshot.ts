import type { AcceptedOrder, OrderHistory, RejectedOrder } from "../../lib/store_admin.ts";

/**
 * What the page shows, as the server sends it. All times are milliseconds since the epoch, all counts are orders.
 *
 * A `Snapshot` is sent whole once a second by server-sent events (event `snapshot`), its `rates` one point at a time;
 * a page that connects gets the points so far first (event `history`, a `RatePoint[]`). Lists are bounded by
 * {@linkcode LIMITS}, and say how many there are in all.
 */
export interface Snapshot {
  at: number;
  topic: string;
  group: string;
  /** As it is named to a person; never with a password. */
  place: { store: string; kind: "files" | "tables"; brokers: string };
  /** Whether the page has buttons that run commands. */
  play: boolean;
  health: { broker: Health; store: Health; registry: Health };
  lanes: Lane[];
  members: Member[];
  /** As Kafka names it: Stable, PreparingRebalance, CompletingRebalance, Empty, Dead; null where it is not known. */
  groupState: string | null;
  /** Newest first. */
  rebalances: Rebalance[];
  /** How many there have been since the dashboard was started. */
  rebalanceCount: number;
  /** Who has had which partition in the last ten minutes, oldest first. */
  tenures: Tenure[];
  totals: Totals;
  rate: RatePoint;
  stock: { items: StockBar[]; count: number };
  users: { users: { name: string; status: string }[]; count: number };
  /** Newest first, accepted and rejected in one list. */
  orders: SeenOrder[];
}

/** Most of what a snapshot or an answer holds. */
export const LIMITS = {
  /** Points of the rate chart: ten minutes. */
  rates: 600,
  marks: 60,
  orders: 100,
  items: 50,
  users: 50,
  rebalances: 20,
  deadLetters: 50,
} as const;

/** A source is as of `at`, or has been away since then: what is shown of it is of that time. */
export type Health =
  | { ok: true; at: number }
  /** One sentence for a person. */
  | { ok: false; since: number; sentence: string };

/** One partition of the topic. */
export interface Lane {
  partition: number;
  /** First offset that is still in the log. */
  start: number;
  /** The group's committed offset; null if it has none. */
  committed: number | null;
  /** Offset after the last record, also if an open transaction still holds it back. */
  end: number;
  /** end - max(committed, start), never negative; the same as kafka-consumer-groups shows. Null if nothing is committed. */
  lag: number | null;
  /** Age of the oldest record that the group has not read, in seconds; 0 where it has read all; null if not known. */
  lagSeconds: number | null;
  /** Id of the member that has it; null if none has. */
  owner: string | null;
  /** Latest verdicts, by offset. */
  marks: Mark[];
}

export interface Mark {
  offset: number;
  verdict: VerdictName;
}

/** `accepted`, `dead-letter`, or the reason of a rejection. */
export type VerdictName = string;

/** A member of the group; one without partitions is idle. */
export interface Member {
  id: string;
  clientId: string;
  host: string;
  partitions: number[];
}

export interface Rebalance {
  at: number;
  /** How long the group was not stable, as far as polling can tell. */
  ms: number;
  cause: "joined" | "left" | "died" | "other";
  /** For a person: who joined or left. */
  sentence: string;
}

/** A member's time with a partition, or that of nobody. */
export interface Tenure {
  partition: number;
  owner: string | null;
  from: number;
  /** When it was last seen so. */
  to: number;
}

export interface Totals {
  accepted: number;
  rejected: Record<string, number>;
  deadLettered: number;
  /** False while the store is still being counted, or where only samples of it are read. */
  exact: boolean;
}

/** Verdicts in one second. */
export interface RatePoint {
  at: number;
  accepted: number;
  /** By reason. */
  rejected: Record<string, number>;
  deadLettered: number;
  /** Of all partitions; null if not known. */
  lag: number | null;
  /** Whether it is worked out from a sample. */
  sampled: boolean;
}

export interface StockBar {
  item: string;
  quantity: number;
  /** The most it has been while the dashboard ran: the full length of its bar. */
  peak: number;
  /** Seconds until it is empty at the pace of the last minute; null if it is not draining. */
  emptyInSeconds: number | null;
}

/** An order with its last verdict. */
export type SeenOrder =
  & (
    | { verdict: "accepted" } & Omit<AcceptedOrder, "seq">
    | { verdict: "rejected" } & RejectedOrder
  )
  & { at: number };

/** `GET /api/orders?q=TEXT`: latest orders whose id, user or item contains the text, newest first. */
export interface OrdersAnswer {
  orders: SeenOrder[];
  /** How many recent orders were searched. */
  searched: number;
}

/** `GET /api/why?id=ORDER_ID`: its story, as `deno task why --json` has it. */
export interface WhyAnswer extends OrderHistory {
  order_id: string;
  known: boolean;
  records: { partition: number; offset: number; schemaId?: number; key?: string; timestamp: number }[];
  /** User and item as they are now. */
  now?: { status?: string; quantity?: number };
}

/** `GET /api/dead-letters`: newest first. */
export interface DeadLettersAnswer {
  deadLetters: {
    offset: number;
    timestamp: number;
    origin?: { topic: string; partition: number; offset: number };
    reason?: string;
    key?: string;
    /** The decoded value as text, or its bytes where they cannot be decoded. */
    value?: string;
    headers: [string, string][];
  }[];
  count: number;
}

/** `GET /api/schemas`: versions of the topic's subject, oldest first. */
export interface SchemasAnswer {
  subject: string;
  versions: {
    version: number;
    id: number;
    /** Pretty-printed JSON. */
    schema: string;
    /** Lines that differ from the version before: `+ field`, `- field`. */
    difference: string[];
  }[];
}

/** `GET /api/play`: the buttons; 404 without `--play`. */
export interface PlayAnswer {
  actions: PlayAction[];
  /** Consumers that the page has started. */
  consumers: { id: string; state: "running" | "paused" | "ended"; pid: number }[];
  /** What was run last, newest first. */
  runs: PlayRun[];
}

/** A button. */
export interface PlayAction {
  name: string;
  label: string;
  /** What a learner will see. */
  hint: string;
  /** The command line that does the same. */
  command: string;
  /** Why it cannot be pressed now. */
  disabled?: string;
}

/** `POST /api/play` with `{"action": NAME}` and the page's token in the header `x-dashboard-token` answers one of these. */
export interface PlayRun {
  id: number;
  action: string;
  command: string;
  at: number;
  /** Undefined while it runs. */
  exit?: number;
  /** Its last lines. */
  output: string[];
}
