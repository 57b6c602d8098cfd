import type { NameTable } from "../../name_table.ts";
import type { ReceivedOrder } from "../../order.ts";
import type { Verdicts } from "../../verdicts.ts";
import { fragment, LineWriter, type SealedLines } from "./line_writer.ts";

// The beginnings of the fields that an order has in the log and in `rejected.jsonl`.
export const ORDER_ID = fragment('{"order_id":');
export const USER = fragment(',"user":');
export const ITEM = fragment(',"item":');
export const QUANTITY = fragment(',"quantity":');
export const CREATED_AT = fragment(',"created_at":');
export const REPLAY_OF = fragment(',"replay_of":');

// Those that it has in the log alone.
export const SEQ = fragment(',"seq":');
export const BATCH = fragment(',"batch":');
export const TOPIC = fragment(',"topic":');
export const PARTITION = fragment(',"partition":');
export const OFFSET = fragment(',"offset":');
export const REMAINING = fragment(',"remaining":');

/** An accepted order to be logged. */
export interface Acceptance {
  received: ReceivedOrder;
  remaining: number;
}

const lines = new LineWriter();

/**
 * The lines of orders, numbered from `firstSeq`, with the fields of `LoggedOrder`. Their bytes are valid until the next
 * call.
 */
export function writeOrders(acceptances: readonly Acceptance[], firstSeq: number): SealedLines {
  let batch: BatchText | undefined;
  for (let index = 0; index < acceptances.length; index++) {
    const { received: { order, at, replayOf }, remaining } = acceptances[index];
    if (batch?.topic !== at.topic || batch.partition !== at.partition) batch = batchText(at, firstSeq);
    lines.raw(ORDER_ID);
    lines.string(order.order_id);
    lines.raw(USER);
    lines.string(order.user);
    lines.raw(ITEM);
    lines.string(order.item);
    writeFigures(order.quantity, order.created_at, firstSeq + index, batch, at.offset, remaining, replayOf);
  }
  return lines.take();
}

/** The same of the accepted orders of a batch, from their bytes. */
export function writeAccepted(verdicts: Verdicts, firstSeq: number): SealedLines {
  const { orders } = verdicts;
  const { names, user, item, quantity, createdAt, offset } = orders;
  const batch = batchText(orders, firstSeq);
  let seq = firstSeq;
  for (let row = 0; row < orders.length; row++) {
    if (!verdicts.isAccepted(row)) continue;
    lines.raw(ORDER_ID);
    if (orders.isPlainId(row)) lines.plain(orders.ids, orders.idStart(row), orders.idEnd(row));
    else lines.string(orders.orderId(row));
    lines.raw(USER);
    writeName(names, user[row]);
    lines.raw(ITEM);
    writeName(names, item[row]);
    writeFigures(
      quantity[row],
      createdAt[row],
      seq++,
      batch,
      offset[row],
      verdicts.remaining(row),
      orders.replayOf(row),
    );
  }
  return lines.take();
}

function writeName(names: NameTable, name: number): void {
  if (names.isPlain(name)) lines.plain(names.bytes, names.startOf(name), names.endOf(name));
  else lines.string(names.text(name));
}

/** What follows the texts of an order, and the end of its line. */
function writeFigures(
  quantity: number,
  createdAt: number,
  seq: number,
  batch: BatchText,
  offset: number,
  remaining: number,
  replayOf: string | undefined,
): void {
  lines.raw(QUANTITY);
  lines.number(quantity);
  lines.raw(CREATED_AT);
  lines.number(createdAt);
  lines.raw(SEQ);
  lines.number(seq);
  lines.raw(batch.json);
  lines.number(offset);
  lines.raw(REMAINING);
  lines.number(remaining);
  if (replayOf !== undefined) {
    lines.raw(REPLAY_OF);
    lines.string(replayOf);
  }
  lines.seal();
}

interface BatchText {
  topic: string;
  partition: number;
  json: Uint8Array;
}

/** What comes between `seq` and the offset is the same for all orders of a batch. */
function batchText({ topic, partition }: { topic: string; partition: number }, batch: number): BatchText {
  const json = `,"batch":${batch},"topic":${JSON.stringify(topic)},"partition":${partition},"offset":`;
  return { topic, partition, json: fragment(json) };
}
