import { safeJson } from "../../safe_json.ts";
import type { RejectedOrder } from "../../store_admin.ts";
import type { Rejected } from "../../verdicts.ts";
import { AppendFile } from "../disk/append_file.ts";
import type { StorageLayout } from "../disk/layout.ts";
import { fragment, LineWriter, type SealedLines } from "./line_writer.ts";
import { CREATED_AT, ITEM, ORDER_ID, QUANTITY, REPLAY_OF, USER } from "./order_lines.ts";

/** Characters kept of a name or an id: more than a valid one has, so a cut one stays invalid. */
const MAX_KEPT = 1_000;

/**
 * `rejected.jsonl`: one rejected order per line, with its reason and the values seen.
 *
 * An order may have several lines with the same origin: a batch that is read again is judged again. Used under the
 * write lock.
 */
export class RejectedFile {
  readonly file: AppendFile;

  constructor(layout: StorageLayout) {
    this.file = AppendFile.open(layout.rejected);
  }

  /** Appends; durable after `file.sync()`. */
  append(rejected: readonly Rejected[]): void {
    if (rejected.length === 0) return;
    this.file.append(writeRejections(rejected.map((rejection) => asRejectedOrder(rejection, Date.now()))).bytes);
  }

  /** Takes over what another store has rejected; durable after `file.sync()`. */
  copy(rejected: readonly RejectedOrder[]): void {
    this.file.append(writeRejections(rejected).bytes);
  }

  close(): void {
    this.file.close();
  }

  /** Cuts off a line without a line feed, left by a crash: its order is judged again. */
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

function asRejectedOrder(
  { received: { order, at, replayOf }, reason, status, stock }: Rejected,
  rejected_at: number,
): RejectedOrder {
  const { order_id, user, item, quantity, created_at } = order;
  const { topic, partition, offset } = at;
  const seen = { reason, status, stock, replay_of: replayOf, rejected_at };
  return { order_id, user, item, quantity, created_at, topic, partition, offset, ...seen };
}

/** Unsafe characters are escaped, because people print this file. */
function writeRejections(rejected: readonly RejectedOrder[]): SealedLines {
  for (const order of rejected) {
    text(ORDER_ID, cut(order.order_id));
    text(USER, cut(order.user));
    text(ITEM, cut(order.item));
    number(QUANTITY, order.quantity);
    number(CREATED_AT, order.created_at);
    text(REASON, order.reason);
    if (order.status !== undefined) text(STATUS, order.status);
    if (order.stock !== undefined) number(STOCK, order.stock);
    text(TOPIC, order.topic);
    number(PARTITION, order.partition);
    number(OFFSET, order.offset);
    if (order.replay_of !== undefined) text(REPLAY_OF, order.replay_of);
    number(REJECTED_AT, order.rejected_at);
    lines.seal();
  }
  return lines.take();
}

const lines = new LineWriter();
const REASON = fragment(',"reason":');
const STATUS = fragment(',"status":');
const STOCK = fragment(',"stock":');
const TOPIC = fragment(',"topic":');
const PARTITION = fragment(',"partition":');
const OFFSET = fragment(',"offset":');
const REJECTED_AT = fragment(',"rejected_at":');

function text(name: Uint8Array, value: string): void {
  lines.raw(name);
  lines.string(value, safeJson);
}

function number(name: Uint8Array, value: number): void {
  lines.raw(name);
  lines.number(value);
}

function cut(text: string): string {
  return text.length > MAX_KEPT ? `${text.slice(0, MAX_KEPT)}…` : text;
}
