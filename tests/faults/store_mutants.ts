import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { type Fault, type FaultContext, type FaultOutcome, held } from "./fault.ts";
import { runTornTail } from "./store_damage.ts";
import { runDiskFull, runEio } from "./store_io.ts";
import { runCompactionKills, runKills, runLostCommits, runUnsynced } from "./store_kill.ts";
import { noMount } from "./store_mount.ts";
import { noStrace } from "./store_world.ts";

/** Runs a mutant may hold before it counts as survived. */
const CHANCES = 40;

const NOTHING: FaultOutcome = { lost: 0, doubled: 0, unbalanced: 0, recoveryMs: 0, broken: [] };

type Row = (context: FaultContext, root: string) => Promise<FaultOutcome>;

/** A store with one safeguard less, and the rows one of which has to notice. */
interface Mutant {
  name: string;
  file: string;
  /** Source that stands in the file once, and what is put there instead. */
  from: string;
  to: string;
  rows: readonly Row[];
}

const MUTANTS: readonly Mutant[] = [
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
    from: "accepted: (orderId) => this.#acceptedAs(orderId),",
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
    from: "const starts = this.#append(accepted, rejected, firstSeq);",
    to: "const starts = this.#append(accepted, [], firstSeq);",
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

/** Runs rows against every mutant until each was noticed; one that nobody notices is what is broken. */
export async function runMutants(context: FaultContext, only?: string): Promise<FaultOutcome> {
  const broken: string[] = [];
  const mutants = MUTANTS.filter(({ name }) => only === undefined || name === only);
  for (const row of new Set(mutants.flatMap(({ rows }) => rows))) broken.push(...await withoutMutant(row, context));
  for (const mutant of mutants) {
    const survived = await survives(mutant, context);
    if (survived !== undefined) broken.push(survived);
  }
  return { ...NOTHING, broken };
}

/** A row that notices something in a copy without a mutant would notice any. */
async function withoutMutant(row: Row, context: FaultContext): Promise<string[]> {
  using copy = new Copy();
  const outcome = await row(context, copy.root);
  return held(outcome) ? [] : [`${row.name} does not hold in a mere copy: ${JSON.stringify(outcome)}`];
}

async function survives(mutant: Mutant, context: FaultContext): Promise<string | undefined> {
  using copy = new Copy();
  const path = join(copy.root, mutant.file);
  const source = Deno.readTextFileSync(path);
  if (source.split(mutant.from).length !== 2) return `the mutant "${mutant.name}" does not fit ${mutant.file} any more`;
  Deno.writeTextFileSync(path, source.replace(mutant.from, () => mutant.to));
  for (let chance = 0; chance < CHANCES; chance++) {
    const row = mutant.rows[chance % mutant.rows.length];
    const outcome = await row(context, copy.root);
    if (!held(outcome)) return undefined;
  }
  return `the mutant "${mutant.name}" held ${CHANCES} runs`;
}

/** A copy of what the rows run; removed when disposed. */
class Copy implements Disposable {
  readonly root = Deno.makeTempDirSync({ prefix: "orders-mutant-" });

  constructor() {
    for (const path of ["lib", "tools", "tests/support", "tests/faults", "deno.json", "deno.lock"]) this.#take(path);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }

  #take(path: string): void {
    const [from, to] = [join(CHECKOUT, path), join(this.root, path)];
    Deno.mkdirSync(dirname(to), { recursive: true });
    if (Deno.statSync(from).isFile) return Deno.copyFileSync(from, to);
    Deno.mkdirSync(to);
    for (const { name } of Deno.readDirSync(from)) this.#take(join(path, name));
  }
}

/** Names of the mutants, for a table. */
export const MUTANT_NAMES = MUTANTS.map(({ name }) => name);

export const MUTANT_FAULTS: readonly Fault[] = [{
  row: 27,
  name: "mutants of the store are noticed",
  // All of them take minutes; the sample is in store_mutants_test.ts.
  runs: { full: 1, sample: 0 },
  skip: () => noStrace() ?? noMount(),
  run: (context) => runMutants(context),
}];
