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
 * Settles when nothing is under way any more. Rejects with what a `handle` or `commit` rejected with: after that one no
 * other is begun, but for the `handle` that was under way meanwhile.
 */
export async function inTurn<B, T>(batches: Iterable<B>, { prepare, handle, commit }: Steps<B, T>): Promise<void> {
  let handled = Promise.resolve(true);
  let committed = Promise.resolve();
  let failed = false;
  try {
    for (const batch of batches) {
      const ready = await prepare(batch).catch(() => undefined); // trouble has its say when the batch's turn has come
      if (!await handled || failed) break;
      handled = handle(batch, ready);
      committed = after(handled, committed, () => commit(batch));
      committed.catch(() => failed = true);
      await (ready === undefined ? handled : turnOfLoop()); // until it waits for the disk
    }
  } finally {
    await Promise.allSettled([handled, committed]); // what the caller does next must not overlap
  }
  await committed;
}

async function after(handled: Promise<boolean>, before: Promise<void>, commit: () => Promise<void>): Promise<void> {
  handled.catch(() => {}); // looked at once what came before is committed
  await before;
  if (await handled) await commit();
}
