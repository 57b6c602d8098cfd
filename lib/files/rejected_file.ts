import type { Rejected, Rejection } from "../judge_batch.ts";
import type { Coordinates, Order } from "../order.ts";
import { safeJson } from "../safe_json.ts";
import { AppendFile } from "./append_file.ts";
import type { StorageLayout } from "./layout.ts";
import { sealLines } from "./sealed_line.ts";

/** Characters that are kept of a name or an id; more than a valid one has, so what is cut stays invalid. */
const MAX_KEPT = 1_000;

/** One line of `rejected.jsonl`. */
export interface RejectedOrder extends Order, Coordinates {
  reason: Rejection;
  /** The user's status and the item's stock as seen, where they were looked up. */
  status?: string;
  stock?: number;
  replay_of?: string;
  /** Milliseconds since the epoch. */
  rejected_at: number;
}

/**
 * `rejected.jsonl`: one refused order a line, with its reason and the values seen.
 *
 * A line may stand twice, keyed by its origin: a batch that is read again is judged again. Used under the write lock.
 */
export class RejectedFile {
  readonly file: AppendFile;

  constructor(layout: StorageLayout) {
    this.file = AppendFile.open(layout.rejected);
  }

  /** Appends; durable after `file.sync()`. */
  append(rejected: readonly Rejected[]): void {
    if (rejected.length === 0) return;
    const rejected_at = Date.now();
    const lines = rejected.map((verdict) => refused(verdict, rejected_at));
    this.file.append(sealLines(lines, safeJson).bytes); // safe, for people print this file
  }

  close(): void {
    this.file.close();
  }

  /** Cuts off a line without its line feed, which a crash left: its order is judged again. */
  cutTornLine(): void {
    for (let end = this.file.length; end > 0;) {
      const from = Math.max(0, end - 4096);
      const feed = this.file.read(from, end).lastIndexOf(0x0a);
      if (feed >= 0) return this.file.truncate(from + feed + 1);
      end = from;
    }
    this.file.truncate(0);
  }
}

function refused({ received, reason, status, stock }: Rejected, rejected_at: number): RejectedOrder {
  const { order: { order_id, user, item, quantity, created_at }, at: { topic, partition, offset } } = received;
  const { replayOf: replay_of } = received;
  // JSON leaves out what is undefined.
  return {
    order_id: cut(order_id),
    user: cut(user),
    item: cut(item),
    quantity,
    created_at,
    reason,
    status,
    stock,
    topic,
    partition,
    offset,
    replay_of,
    rejected_at,
  };
}

function cut(text: string): string {
  return text.length > MAX_KEPT ? `${text.slice(0, MAX_KEPT)}…` : text;
}
