import { EXIT, Failure } from "../lib/errors.ts";
import { patiently } from "../lib/patiently.ts";

const POLL_MS = 20;
/** How long a step of a drill may take that says nothing else. */
const PATIENCE_S = 40;

export interface Wait {
  stop: AbortSignal;
  /** By default 40. */
  seconds?: number;
}

/**
 * Calls `look` until it answers something but false, and returns that. Throws a {@linkcode Failure} (1) when the time is
 * over, and the reason of `stop` when that aborts.
 */
export async function until<T>(
  what: string,
  look: () => T | false | Promise<T | false>,
  { stop, seconds = PATIENCE_S }: Wait,
): Promise<T> {
  const found = await patiently<T | false>(() => {
    stop.throwIfAborted();
    return look();
  }, { forMs: seconds * 1_000, everyMs: POLL_MS });
  if (found === false) throw new Failure(EXIT.failed, `Not within ${seconds} s: ${what}`);
  return found;
}
