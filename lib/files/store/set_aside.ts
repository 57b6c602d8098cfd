import { join } from "node:path";
import { EXIT, Failure } from "../../errors.ts";
import { syncFolder } from "../disk/atomic_file.ts";
import { storageLayout } from "../disk/layout.ts";
import { OwnerLock, WriteLock } from "../disk/locks.ts";
import { exists } from "../disk/exists.ts";

/**
 * Moves every data file of the folder into a subfolder `backup-TIME/`; lock files and earlier backups stay.
 *
 * Returns the backup folder, or undefined if there was nothing to move. Fails (75) while a consumer owns the folder.
 * Permissions: read and write of the folder.
 */
export async function setStorageAside(folder: string): Promise<string | undefined> {
  const layout = storageLayout(folder);
  if (!exists(folder)) return undefined;
  const owner = OwnerLock.try(layout);
  if (owner === undefined) throw new Failure(EXIT.busy, `The storage ${folder} is in use by a consumer: stop it first`);
  const lock = WriteLock.open(layout);
  try {
    return await lock.hold(() => {
      if (exists(layout.index)) Deno.removeSync(layout.index); // it belongs to the log that is moved
      return Promise.resolve(moveFiles(folder));
    });
  } finally {
    lock.close();
    owner.close();
  }
}

/**
 * Moves the data files into a backup folder, which is the answer; undefined where there are none. Under the write lock.
 *
 * The CSV go last: until they are gone, a start after a crash in between says what is missing. The file `first` goes
 * before the others.
 */
export function moveFiles(folder: string, { first }: { first?: string } = {}): string | undefined {
  const names = [...Deno.readDirSync(folder)].filter(({ isDirectory, name }) =>
    !isDirectory && !name.startsWith(".") && name !== "README.md"
  ).map(({ name }) => name);
  if (names.length === 0) return undefined;
  const backup = makeBackupFolder(folder);
  const turn = (name: string) => name === first ? 0 : name.endsWith(".csv") ? 2 : 1;
  for (const name of names.sort((a, b) => turn(a) - turn(b))) Deno.renameSync(join(folder, name), join(backup, name));
  syncFolder(backup);
  syncFolder(join(backup, "entry"));
  return backup;
}

/** A new folder, even for a second start-over within the same second. */
function makeBackupFolder(folder: string): string {
  const time = new Date().toISOString().replaceAll(":", "").replace(/\.\d+/, "");
  let backup = join(folder, `backup-${time}`);
  for (let again = 2; exists(backup); again++) backup = join(folder, `backup-${time}-${again}`);
  Deno.mkdirSync(backup);
  return backup;
}
