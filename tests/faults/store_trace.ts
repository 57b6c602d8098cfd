import type { StorageLayout } from "../../lib/files/disk/layout.ts";

/** System calls by which a store changes what is on the disk, or takes turns at it. */
export const STORE_CALLS = [
  "write",
  "pwrite64",
  "fdatasync",
  "fsync",
  "rename",
  "renameat",
  "renameat2",
  "ftruncate",
  "openat",
  "unlink",
  "unlinkat",
  "flock",
];

/** What strace wrote of one process. */
export interface Trace {
  text: string;
  /** Only calls on these files are in it; undefined where every file of the store is. */
  files?: readonly string[];
}

interface Call {
  name: string;
  /** The first file it names. */
  path: string;
  /** The second one, of a rename. */
  target: string | undefined;
  /** The first bytes that are written. */
  text: string;
  result: number;
}

const LINE = /^(\d+) +(\w+)\((?:\d+|AT_FDCWD)?(?:<([^>]*)>)?(?:, )?(?:"((?:[^"\\]|\\.)*)"(?:\.{3})?(?:, "([^"]*)")?)?/;
const RESULT = /(?:\)|resumed>.*\)) += (-?\d+)/;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>/;

/**
 * Judges what processes did to a storage, one after the other, by their system calls alone (`strace -f -y`).
 *
 * Power can fail at any moment, so whatever a commit or a success rests on must have been synced before it, be it
 * written by this process or by one that was killed. Answers each commit or rename that came too early, one sentence.
 */
export function earlyCommits(traces: readonly Trace[], layout: StorageLayout, notes: string): string[] {
  const unsynced = new Set<string>();
  const early: string[] = [];
  for (const call of traces.flatMap(({ text, files }) => [files ?? [], ...calls(text)])) {
    if ("length" in call) {
      // What happened to the other files was not seen: they get the benefit of the doubt.
      for (const path of call.length === 0 ? [] : unsynced) if (!call.includes(path)) unsynced.delete(path);
      continue;
    }
    if (call.result < 0) continue;
    if (call.name.startsWith("rename")) {
      if (unsynced.has(call.path) && call.target !== layout.index) early.push(`${call.path} renamed before its sync`);
      unsynced.delete(call.path);
      unsynced.add(layout.folder);
    } else if (call.name.endsWith("sync")) {
      unsynced.delete(call.path);
    } else if (call.path === notes && call.name === "write") {
      // A note starts with what it tells of: an edit, or a partition.
      const isCommit = call.text.includes("part");
      // A journal that was compacted is found by its name in the folder.
      const needed = [layout.orders, layout.edits, layout.rejected, layout.folder];
      if (isCommit) needed.push(layout.positions);
      const missing = needed.filter((path) => unsynced.has(path));
      if (missing.length > 0) early.push(`${isCommit ? "a commit" : "success"} came before the sync of ${missing}`);
    } else if (call.name.includes("write")) {
      unsynced.add(call.path);
    }
  }
  return early;
}

/** The finished calls of a trace, in the order they ended; those of a killed process that did not end are left out. */
function calls(trace: string): Call[] {
  const begun = new Map<string, Call>();
  return trace.split("\n").flatMap((line) => {
    const result = Number(RESULT.exec(line)?.[1] ?? NaN);
    const resumed = RESUMED.exec(line);
    if (resumed !== null) {
      const call = begun.get(resumed[1]);
      begun.delete(resumed[1]);
      return call === undefined || Number.isNaN(result) ? [] : [{ ...call, result }];
    }
    const match = LINE.exec(line);
    if (match === null) return [];
    const [, pid, name, file, first = "", target] = match;
    const isByName = file === undefined;
    const call = { name, path: isByName ? first : file, target, text: isByName ? "" : first, result };
    if (Number.isNaN(result)) begun.set(pid, call);
    return Number.isNaN(result) ? [] : [call];
  });
}
