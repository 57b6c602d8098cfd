import { setImmediate as turnOfLoop } from "node:timers/promises";

/** What is done with each batch. */
export interface Steps<B, T> {
  /** Gets a batch ready, while the one before may be under way. Where it rejects, `handle` is given undefined. */
  prepare(batch: B): Promise<T>;
  /** Never two at once, and in order. False: neither this one nor those after it are to be committed. */
  handle(batch: B, ready: T | undefined): Promise<boolean>;
  /** Once it was handled, never two at once, and in order; the next one may be handled meanwhile. */
  commit(batch: B): Promise<void>;
}

/**
 * Handles and commits one batch after the other. While one waits for the disk the next is prepared, and while one is
 * committed the next is handled: waiting was a fifth of a consumer's time.
 *
 * Settles when nothing is under way any more, and rejects with what a `handle` or `commit` rejected with; then nothing
 * after it is handled or committed.
 */
export async function inTurn<B, T>(batches: Iterable<B>, { prepare, handle, commit }: Steps<B, T>): Promise<void> {
  let handled = Promise.resolve(true);
  let committed = Promise.resolve();
  try {
    for (const batch of batches) {
      const ready = await prepare(batch).catch(() => undefined); // trouble has its say when the batch's turn has come
      if (!await handled) break;
      handled = handle(batch, ready);
      committed = after(handled, committed, () => commit(batch));
      committed.catch(() => {}); // it is awaited, but not at once
      await (ready === undefined ? handled : turnOfLoop()); // until it waits for the disk
    }
  } finally {
    await handled.catch(() => {}); // a commit may have failed meanwhile: what the caller does next must not overlap
  }
  await committed;
}

async function after(handled: Promise<boolean>, before: Promise<void>, commit: () => Promise<void>): Promise<void> {
  const [isHandled] = await Promise.all([handled, before]);
  if (isHandled) await commit();
}
