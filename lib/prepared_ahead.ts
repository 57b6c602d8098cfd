import { setImmediate as turnOfLoop } from "node:timers/promises";

/** A batch, and what was prepared from it. */
export interface Prepared<B, T> {
  batch: B;
  /** Rejects if it cannot be prepared now; its handler prepares it again. */
  prepared: Promise<T>;
}

/**
 * The batches in order, each prepared while the one before it is handled: waiting for the disk was a fifth of a
 * consumer's time. A batch that is no longer `isCurrent` when its turn comes is left out.
 *
 * If a batch cannot be prepared, nothing more is fetched or prepared until it is handled.
 */
export async function* preparedAhead<B, T>(
  batches: AsyncIterable<B>,
  prepare: (batch: B) => Promise<T>,
  isCurrent: (batch: B) => boolean = () => true,
): AsyncGenerator<Prepared<B, T>> {
  const iterator = batches[Symbol.asyncIterator]();
  const fetchNext = async (): Promise<Prepared<B, T> | undefined> => {
    await turnOfLoop(); // until the batch in hand waits for the disk
    const { done, value: batch } = await iterator.next();
    if (done) return undefined;
    const prepared = prepare(batch);
    await prepared.catch(() => {}); // its handler sees the error
    return { batch, prepared };
  };
  try {
    for (let next = fetchNext();;) {
      const current = await next;
      if (current === undefined) return;
      const isPrepared = await current.prepared.then(() => true, () => false);
      if (isPrepared) next = fetchNext();
      next.catch(() => {}); // looked at when its turn comes
      if (isCurrent(current.batch)) yield current;
      if (!isPrepared) next = fetchNext();
    }
  } finally {
    await iterator.return?.();
  }
}
