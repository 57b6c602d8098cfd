import { EXIT, Failure } from "../lib/errors.ts";

/** The folder that a script is to work on: its first argument. A flag is refused, or it would become a folder. */
export function folderArgument([folder]: readonly string[]): string {
  if (folder === undefined || folder === "" || folder.startsWith("-")) {
    throw new Failure(EXIT.usage, `The first argument must be a folder, got "${folder ?? ""}"`);
  }
  return folder;
}
