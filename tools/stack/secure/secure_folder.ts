import { join } from "node:path";
import { exists } from "../../../lib/files/disk/exists.ts";
import { SECURE_FOLDER } from "../folders.ts";

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
