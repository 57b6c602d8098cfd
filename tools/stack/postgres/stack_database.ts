import { join } from "node:path";
import { EXIT, Failure } from "../../../lib/errors.ts";
import { exists } from "../../../lib/files/disk/exists.ts";
import { CA_FILE, DATABASE_KEY_FILE } from "../secure/secrets.ts";
import { secureFolder } from "../secure/secure_folder.ts";
import { databaseFolder } from "./database_folder.ts";
import type { DatabaseAddress } from "./database_url.ts";
import type { ServerCertificate } from "./server_files.ts";

/** Where the database of the stack in `dataDir` is, and how to trust it. */
export function databaseAddress(
  { dataDir, secure }: { dataDir: string; secure: boolean },
  port: number,
): DatabaseAddress {
  const caFile = secure ? join(secureFolder(dataDir).tls, CA_FILE) : undefined;
  return { folder: databaseFolder(dataDir), port, caFile };
}

/**
 * The certificate for the database of the secure stack in `dataDir`. Throws a {@linkcode Failure} (75) if the stack was
 * started by a version that made none. Permission: read.
 */
export function serverCertificate(dataDir: string): ServerCertificate {
  if (!exists(join(secureFolder(dataDir).tls, DATABASE_KEY_FILE))) {
    throw new Failure(
      EXIT.busy,
      "The running stack has no certificate for PostgreSQL: end it with deno task down first",
    );
  }
  const file = `../../secure/tls/${DATABASE_KEY_FILE}`;
  return { certificateFile: file, keyFile: file };
}
