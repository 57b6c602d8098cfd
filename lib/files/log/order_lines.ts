import type { ReceivedOrder } from "../../order.ts";
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
 * The lines of one batch, numbered from `firstSeq`, with the fields of `LoggedOrder`. Their bytes are valid until the
 * next call.
 */
export function writeOrders(acceptances: readonly Acceptance[], firstSeq: number): SealedLines {
  let batch: BatchText | undefined;
  for (let index = 0; index < acceptances.length; index++) {
    const { received, remaining } = acceptances[index];
    const { order, at, replayOf } = received;
    if (batch?.topic !== at.topic || batch.partition !== at.partition) batch = batchText(at, firstSeq);
    lines.raw(ORDER_ID);
    lines.string(order.order_id);
    lines.raw(USER);
    lines.string(order.user);
    lines.raw(ITEM);
    lines.string(order.item);
    lines.raw(QUANTITY);
    lines.number(order.quantity);
    lines.raw(CREATED_AT);
    lines.number(order.created_at);
    lines.raw(SEQ);
    lines.number(firstSeq + index);
    lines.raw(batch.json);
    lines.number(at.offset);
    lines.raw(REMAINING);
    lines.number(remaining);
    if (replayOf !== undefined) {
      lines.raw(REPLAY_OF);
      lines.string(replayOf);
    }
    lines.seal();
  }
  return lines.take();
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
