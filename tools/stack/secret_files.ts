import { join } from "node:path";
import { removeTree } from "./folders.ts";

const PASSWORD_BYTES = 24;

/**
 * Makes a folder of files that only the owner may read: all of them or none, whenever this is interrupted, for an older
 * folder goes first, and none at all is made again. Permissions: read, write.
 */
export function makeSecretFolder(path: string, files: readonly [name: string, text: string][]): void {
  const temp = `${path}.new`;
  removeTree(temp);
  Deno.mkdirSync(temp, { mode: 0o700 });
  for (const [name, text] of files) Deno.writeTextFileSync(join(temp, name), text, { mode: 0o600 });
  removeTree(path);
  Deno.renameSync(temp, path);
}

/** Letters, digits, - and _: it means the same in every file it is written into. */
export function randomPassword(): string {
  return crypto.getRandomValues(new Uint8Array(PASSWORD_BYTES)).toBase64({ alphabet: "base64url", omitPadding: true });
}
