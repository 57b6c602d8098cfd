import { join, resolve } from "node:path";
import { counted } from "../../lib/counted.ts";
import { Failure } from "../../lib/errors.ts";
import { TEMP_SUFFIX } from "../../lib/files/disk/layout.ts";
import { readStock, readUsers } from "../../lib/files/read/read_storage.ts";
import type { Check } from "./check.ts";

/** Network file systems: their locks and syncs do not guarantee what the file store needs. */
const NETWORK = /^(nfs4?|cifs|smb3?|smbfs|9p|fuse\.sshfs|afs|ceph)$/;

/** Whether the storage folder has what the pipeline reads and can be written. Permissions: read, write of it; run sh. */
export async function checkStorage(folder: string): Promise<Check[]> {
  return [checkFiles(folder), checkWritable(folder), checkFileSystem(folder, await mounts())]
    .filter((check) => check !== undefined);
}

function checkFiles(folder: string): Check {
  const name = "storage";
  try {
    const found = `${counted(readUsers(folder).length, "user")} and ${
      counted(readStock(folder).length, "item")
    } in ${folder}`;
    return { name, level: "ok", found };
  } catch (error) {
    // Its sentence says what to do.
    if (error instanceof Failure) return { name, level: "fail", found: error.message };
    throw error;
  }
}

/** Undefined if there is no folder yet, which has failed another check. */
function checkWritable(folder: string): Check | undefined {
  try {
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder, suffix: TEMP_SUFFIX }));
    return { name: "storage", level: "ok", found: `${folder} can be written` };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    const why = error instanceof Error ? error.message : String(error);
    return { name: "storage", level: "fail", found: why, remedy: "make the folder writable, or set STORAGE_DIR" };
  }
}

/** The kind of file system that `folder` is on, from `/proc/mounts`; undefined if not known. */
export function checkFileSystem(folder: string, mounts: string): Check | undefined {
  const path = join(resolve(folder), "/");
  const [, kind] = mounts.split("\n")
    .map((mount) => mount.split(" "))
    // Blanks in a mount point are written as octal escapes.
    .map((
      [, at, kind],
    ) => [(at ?? "").replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8))), kind])
    .filter(([at]) => at !== "" && path.startsWith(join(at, "/")))
    .reduce((longest, mount) => mount[0].length >= longest[0].length ? mount : longest, ["", ""]);
  if (!kind) return undefined;
  if (!NETWORK.test(kind)) return { name: "storage", level: "ok", found: `${folder} is on ${kind}` };
  return {
    name: "storage",
    level: "fail",
    found: `${folder} is on ${kind}, a network file system, where locks and syncs cannot be relied on`,
    remedy: "put it on a local disk (STORAGE_DIR)",
  };
}

/**
 * `/proc/mounts`, empty if there is none. Read through `sh`, because Deno opens nothing in /proc without all
 * permissions.
 */
async function mounts(): Promise<string> {
  const args = ["-c", "cat /proc/mounts 2>/dev/null"];
  const { stdout } = await new Deno.Command("sh", { args, stdin: "null" }).output();
  return new TextDecoder().decode(stdout);
}
