/** Milliseconds over which a rate is taken: long enough to be calm, short enough to follow a change. */
const WINDOW_MS = 10_000;
/** Counts kept in a window. */
const KEPT = 20;

/** How fast a count grows: over the last ten seconds, or any other window, `Infinity` being all the time. */
export class Speed {
  readonly #windowMs: number;
  readonly #kept: { at: number; count: number }[] = [];

  constructor({ windowMs = WINDOW_MS }: { windowMs?: number } = {}) {
    this.#windowMs = windowMs;
  }

  /** Notes the count at `now`, in milliseconds. Returns its growth per second, 0 while that is not known. */
  noted(count: number, now: number): number {
    const last = this.#kept.at(-1);
    if (last === undefined || now - last.at >= this.#windowMs / KEPT) this.#kept.push({ at: now, count });
    while (this.#kept.length > 1 && now - this.#kept[1].at >= this.#windowMs) this.#kept.shift();
    const { at, count: before } = this.#kept[0];
    return now > at ? Math.max(0, count - before) / (now - at) * 1_000 : 0;
  }
}
