import { join } from "node:path";
import { EXIT, Failure } from "../../../lib/errors.ts";
import { exists } from "../../../lib/files/disk/exists.ts";
import { brokersOnDisk, SECURE_FOLDER } from "../folders.ts";

/** Where a secure stack keeps its certificates, passwords and the settings of each user. */
export interface SecureFolder {
  path: string;
  tls: string;
  passwords: string;
}

export function secureFolder(dataDir: string): SecureFolder {
  const path = join(dataDir, SECURE_FOLDER);
  return { path, tls: join(path, "tls"), passwords: join(path, "passwords") };
}

/** Whether the data in `dataDir` belongs to a secure stack. Permission: read. */
export function isSecure(dataDir: string): boolean {
  return exists(secureFolder(dataDir).path);
}

/**
 * Throws a {@linkcode Failure} (78) if the data in `dataDir` belongs to the other kind of stack: an open broker would
 * serve protected data to everybody, and a secure one would not know its users. Permission: read.
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
