import { judgeBatch, type Verdict } from "./judge_batch.ts";
import type { DeadLetter, DeadLetterSink, OrderBatch, OrderStore } from "./ports.ts";

/**
 * Takes one batch from the topic to its verdicts: load, decide, commit.
 *
 * When it resolves, every dead letter is acknowledged and every verdict durable, so the offset `batch.to` may be
 * committed. When it rejects, the batch has to be read again; nothing doubles by that.
 */
export async function processBatch(
  batch: OrderBatch,
  letters: readonly DeadLetter[],
  ports: { store: OrderStore; deadLetters: DeadLetterSink },
): Promise<Verdict[]> {
  if (letters.length > 0) await ports.deadLetters.send(letters);
  return await ports.store.process(batch, (view) => judgeBatch(batch.orders, view));
}
