import { join } from "node:path";
import { removeTree } from "./folders.ts";

const PASSWORD_BYTES = 24;

/**
 * Makes a folder of files that only the owner may read. An older folder is removed first, so an interruption leaves
 * either all of the files or no folder, which is then made again. Permissions: read, write.
 */
export function makeSecretFolder(path: string, files: readonly [name: string, text: string][]): void {
  const temp = `${path}.new`;
  removeTree(temp);
  Deno.mkdirSync(temp, { mode: 0o700 });
  for (const [name, text] of files) Deno.writeTextFileSync(join(temp, name), text, { mode: 0o600 });
  removeTree(path);
  Deno.renameSync(temp, path);
}

/** Letters, digits, - and _: no format needs to escape it. */
export function randomPassword(): string {
  return crypto.getRandomValues(new Uint8Array(PASSWORD_BYTES)).toBase64({ alphabet: "base64url", omitPadding: true });
}
