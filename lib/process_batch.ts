import { judgeBatch, type Verdict } from "./judge_batch.ts";
import type { DeadLetterSink, OrderBatch, OrderStore } from "./ports.ts";

/**
 * Takes one batch to its verdicts: judged, and made durable.
 *
 * When it resolves, every dead letter is acknowledged and every verdict is durable, so the offset `batch.to` may be
 * committed. When it rejects, the batch has to be read again; that doubles nothing.
 */
export async function processBatch(
  batch: OrderBatch,
  { store, deadLetters }: { store: OrderStore; deadLetters: DeadLetterSink },
): Promise<Verdict[]> {
  if (batch.deadLetters.length > 0) await deadLetters.send(batch.deadLetters);
  const verdicts: Verdict[][] = [];
  for (const part of cutBatch(batch, store.maxOrders)) {
    verdicts.push(await store.process(part, (view) => judgeBatch(part.orders, view)));
  }
  return verdicts.flat();
}

/** `batch` in parts of `maxOrders` orders; their ranges follow on one another and make up the batch's. */
export function cutBatch(batch: OrderBatch, maxOrders = Infinity): OrderBatch[] {
  const { orders } = batch;
  if (orders.length <= maxOrders) return [batch];
  return Array.from({ length: Math.ceil(orders.length / maxOrders) }, (_, index) => {
    const [start, end] = [index * maxOrders, (index + 1) * maxOrders];
    const from = start === 0 ? batch.from : orders[start].at.offset;
    const to = end < orders.length ? orders[end].at.offset : batch.to;
    return { ...batch, from, to, orders: orders.slice(start, end) };
  });
}
