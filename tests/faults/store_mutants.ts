import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { type Mutant, NOTHING, runMutants } from "./mutant.ts";
import { runTornTail } from "./store_damage.ts";
import { runDiskFull, runEio } from "./store_io.ts";
import { runCompactionKills, runKills, runLostCommits, runUnsynced } from "./store_kill.ts";
import { noMount } from "./store_mount.ts";
import { noStrace } from "./store_world.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    name: "no fdatasync",
    file: "lib/files/disk/append_file.ts",
    from: "await this.#file.syncData();",
    to: "await Promise.resolve();",
    rows: [runKills],
  },
  {
    name: "no fsync of the temp file",
    file: "lib/files/disk/atomic_file.ts",
    from: "file.syncSync();\n    } finally {\n      file.close();\n    }\n    if (!stillWanted())",
    to: "} finally {\n      file.close();\n    }\n    if (!stillWanted())",
    rows: [runKills],
  },
  {
    name: "no fsync of the folder",
    file: "lib/files/disk/atomic_file.ts",
    from: "folder.syncSync();",
    to: "",
    rows: [runKills],
  },
  {
    name: "no dedupe",
    file: "lib/files/store/file_store.ts",
    from: "accepted: (row) => this.#acceptedAs(orders, row),",
    to: "accepted: () => undefined,",
    rows: [runLostCommits],
  },
  {
    name: "no edit journal",
    file: "lib/files/store/stock_ledger.ts",
    from: "this.edits.append(lines);",
    to: "",
    rows: [runKills],
  },
  {
    name: "recovery without resync of the log",
    file: "lib/files/store/recover.ts",
    from: "await log.file.rewriteFrom(",
    to: "void (",
    rows: [runUnsynced, runTornTail],
  },
  {
    name: "a start without resync of the edits",
    file: "lib/files/store/stock_ledger.ts",
    from: "await this.edits.sync(); // as in refresh()",
    to: "",
    rows: [runUnsynced],
  },
  {
    name: "built on a compacted journal whose name is not durable",
    file: "lib/files/log/journal.ts",
    from: "    syncFolder(path);\n    return file;",
    to: "    return file;",
    rows: [runCompactionKills],
    chances: 150, // about one kill in forty falls between the rename and its sync
  },
  {
    name: "a journal compacted in place",
    file: "lib/files/log/journal.ts",
    from: "replaceFile(this.#path, bytes);",
    to: "Deno.writeFileSync(this.#path, bytes);",
    rows: [runCompactionKills],
  },
  {
    name: "compacted edits without their sum",
    file: "lib/files/log/edit_journal.ts",
    from: "return { opening: before.opening, edits: before.edits + (edit.set ?? 0) - (edit.was ?? 0) };",
    to: "return { opening: before.opening, edits: (edit.set ?? 0) - (edit.was ?? 0) };",
    rows: [runCompactionKills],
  },
  {
    name: "torn tail left in place",
    file: "lib/files/store/recover.ts",
    from: "if (end.length < log.file.length) await",
    to: "if (end.length < 0) await",
    rows: [runTornTail],
  },
  {
    name: "fsync tried again after it failed",
    file: "lib/files/disk/append_file.ts",
    from: "this.#broken = true;",
    to: "return await this.#file.syncData();",
    rows: [runEio],
  },
  {
    name: "goes on after a failed fsync",
    file: "lib/files/disk/append_file.ts",
    from: "this.#broken = true;",
    to: "return;",
    rows: [runEio],
  },
  {
    name: "index and checkpoint written after a failed fsync",
    file: "lib/files/store/file_store.ts",
    from: "if (this.#inDoubt) return;",
    to: "",
    rows: [runEio],
  },
  {
    name: "no rejections",
    file: "lib/files/store/file_store.ts",
    from: "this.#rejected.append(verdicts.allRejected());",
    to: "this.#rejected.append([]);",
    rows: [runKills],
  },
  {
    name: "short write left in the log",
    file: "lib/files/disk/append_file.ts",
    from: "this.#file.truncateSync(this.#length);\n      throw",
    to: "this.#length = this.#file.statSync().size;\n      throw",
    rows: [runDiskFull],
  },
  {
    name: "a half-saved file counts",
    file: "lib/files/disk/watched_file.ts",
    from: "SETTLE_MS = 200",
    to: "SETTLE_MS = 0",
    rows: [staleSaves],
  },
  {
    name: "stock below none",
    file: "lib/files/store/stock_ledger.ts",
    from: "Math.max(0, base.quantity)",
    to: "base.quantity",
    rows: [staleSaves],
  },
];

/** Runs in this process, so the mutant's own copy of the row is loaded. */
async function staleSaves(context: FaultContext, root: string): Promise<FaultOutcome> {
  const { runStaleSaves } = await import(pathToFileURL(join(root, "tests/faults/store_stale_save.ts")).href);
  return await runStaleSaves(context).catch((error: Error) => {
    if (error.name !== "Failure") throw error; // of the copy's own class
    return { ...NOTHING, broken: [error.message] };
  });
}

export const MUTANT_FAULTS: readonly Fault[] = [{
  row: 27,
  name: "mutants of the store are noticed",
  // All of them take minutes; the sample is in store_mutants_test.ts.
  runs: { full: 1, sample: 0 },
  skip: () => noStrace() ?? noMount(),
  run: (context) => runMutants(MUTANTS, context),
}];
