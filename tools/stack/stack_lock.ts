import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { EXIT, Failure } from "../../lib/errors.ts";

const POLL_MS = 100;

/**
 * Waits for a flock on `path`, which the kernel frees however this process ends, and runs `work` while holding it.
 * Creates the folder if it is missing.
 *
 * Throws a {@linkcode Failure}: 75 if `stop` aborts while waiting, 78 if the folder cannot be written. Permissions:
 * read, write of the folder.
 */
export async function withLock<T>(path: string, stop: AbortSignal, work: () => Promise<T>): Promise<T> {
  using file = openLock(path);
  while (!file.tryLockSync(true)) {
    if (stop.aborted) throw new Failure(EXIT.busy, "Interrupted while another up or down was at work");
    await delay(POLL_MS);
  }
  return await work();
}

function openLock(path: string): Deno.FsFile {
  const folder = dirname(path);
  try {
    Deno.mkdirSync(folder, { recursive: true });
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/ \(os error.*/s, "") : String(cause);
    const remedy = "start it elsewhere with deno task up --data-dir FOLDER";
    throw new Failure(EXIT.config, `The stack cannot be kept in ${folder} (${reason}): ${remedy}`, { cause });
  }
}
