import { dirname } from "node:path";
import { diskFailure } from "./disk_failure.ts";
import { TEMP_SUFFIX } from "./layout.ts";

/**
 * Replaces `path` with `bytes`, so that a crash at any moment leaves either the old or the new file, whole: temp file,
 * fsync, rename, fsync of the folder. A symlink's target is replaced, not the link.
 *
 * `stillWanted` is called just before the rename; false leaves `path` as it is. Returns whether it was replaced. Throws
 * a `Failure` (74), or an `Outage` if the disk is full. Permissions: read, write of the folder.
 */
export function replaceFile(path: string, bytes: Uint8Array, stillWanted: () => boolean = () => true): boolean {
  const target = realPath(path);
  const temp = target + TEMP_SUFFIX;
  try {
    const file = Deno.openSync(temp, { write: true, create: true, truncate: true, mode: modeOf(target) });
    try {
      writeAll(file, bytes);
      file.syncSync();
    } finally {
      file.close();
    }
    if (!stillWanted()) {
      Deno.removeSync(temp);
      return false;
    }
    Deno.renameSync(temp, target);
    syncFolder(target);
    return true;
  } catch (error) {
    throw diskFailure(`Cannot replace ${path}`, error);
  }
}

/**
 * Makes a created, renamed or removed entry durable, by syncing the folder that contains `path`; throws a `Failure`
 * (74).
 */
export function syncFolder(path: string): void {
  // Windows cannot open a folder: there a write survives a kill, but perhaps not a power loss.
  if (Deno.build.os === "windows") return;
  try {
    const folder = Deno.openSync(dirname(path), { read: true });
    try {
      folder.syncSync();
    } finally {
      folder.close();
    }
  } catch (error) {
    throw diskFailure(`Cannot sync ${dirname(path)}`, error);
  }
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
}

function modeOf(path: string): number | undefined {
  try {
    return (Deno.statSync(path).mode ?? 0o644) & 0o777;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Writes all of `bytes` at the file's position: one system call may write only some of them. */
export function writeAll(file: Pick<Deno.FsFile, "writeSync">, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}
