import { setTimeout as delay } from "node:timers/promises";
import { EXIT, Failure } from "../../lib/errors.ts";

const POLL_MS = 100;

/**
 * Runs `work` while holding a flock on `path`, which the kernel frees however this process ends; waits for its turn.
 *
 * Throws a {@linkcode Failure} (75) when `stop` aborts before. Permissions: read, write of `path`.
 */
export async function withLock<T>(path: string, stop: AbortSignal, work: () => Promise<T>): Promise<T> {
  using file = Deno.openSync(path, { read: true, write: true, create: true });
  while (!file.tryLockSync(true)) {
    if (stop.aborted) throw new Failure(EXIT.busy, "Interrupted while another up or down was at work");
    await delay(POLL_MS);
  }
  return await work();
}
