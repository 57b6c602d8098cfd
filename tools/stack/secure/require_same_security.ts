import { EXIT, Failure } from "../../../lib/errors.ts";
import { brokersOnDisk } from "../folders.ts";
import { isSecure } from "./secure_folder.ts";

/**
 * Throws a {@linkcode Failure} (78) where the data in `dataDir` belongs to the other kind of stack: an open broker would
 * serve everybody what was meant for some, a secure one would know none of its users. Permission: read.
 */
export function requireSameSecurity({ dataDir, secure }: { dataDir: string; secure: boolean }): void {
  const remedy = "pass another --data-dir, or delete it with deno task down --purge";
  if (!secure && isSecure(dataDir)) {
    throw new Failure(EXIT.config, `${dataDir} holds a secure stack: start it with --secure, ${remedy}`);
  }
  if (secure && !isSecure(dataDir) && brokersOnDisk(dataDir) > 0) {
    throw new Failure(EXIT.config, `${dataDir} holds the data of a stack that is not secure: ${remedy}`);
  }
}
