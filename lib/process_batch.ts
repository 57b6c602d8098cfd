import type { Judge } from "./judge_batch.ts";
import type { DeadLetterSink, OrderBatch, OrderStore } from "./ports.ts";
import type { Verdicts } from "./verdicts.ts";

/**
 * Takes one batch to its verdicts: judged, and made durable.
 *
 * When it resolves, every dead letter is acknowledged and every verdict is durable, so the offset `batch.to` may be
 * committed. When it rejects, the batch has to be processed or read again; that doubles nothing.
 */
export async function processBatch(
  batch: OrderBatch,
  { store, deadLetters, judge }: { store: OrderStore; deadLetters: DeadLetterSink; judge: Judge },
): Promise<Verdicts> {
  if (batch.deadLetters.length > 0) await deadLetters.send(batch.deadLetters);
  return await store.process(batch, (view) => judge.judge(batch.orders, view));
}
