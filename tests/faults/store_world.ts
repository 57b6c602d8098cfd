import { join } from "node:path";
import { editStorage } from "../../lib/files/store/edit_storage.ts";
import { type StorageLayout, storageLayout } from "../../lib/files/disk/layout.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import type { Noted } from "../support/store_driver.ts";
import { ITEMS, storePlan } from "../support/store_plan.ts";
import type { FaultContext, FaultOutcome } from "./fault.ts";
import { checkStorage } from "./invariant.ts";
import { earlyCommits, STORE_CALLS, type Trace } from "./store_trace.ts";

const OPENING = 60;
/** How long one driver may take, in milliseconds; that of a mutant may as well never end. */
const PATIENCE_MS = { store: 20_000, mutant: 5_000 };

/** What strace does to a call that reaches the storage, as in `fsync:error=EIO:when=3+`. */
export interface Injection {
  call: string;
  /** From which call of this kind on, counted in each thread by itself; the first one that reaches `files` is met. */
  from: number;
  what: "signal=SIGKILL" | `error=${string}`;
  /** Only calls that reach these; the files of the storage and the notes by default. */
  files?: readonly string[];
}

/** How one driver ended. */
export interface Drive {
  /** Its exit code; 137 where it was killed. */
  code: number;
  /** From its start until its first commit, or its end where nothing was left to commit; in milliseconds. */
  firstCommitMs: number;
  stdout: string;
  stderr: string;
}

export interface StoreWorldOptions {
  /** Batches of the plan. */
  batches: number;
  /** Where the storage is to be; a temp folder by default. */
  folder?: string;
  /** Repository whose store runs; this one by default. */
  root?: string;
}

/** A storage, a plan of batches and edits, and drivers that work it off one after the other. */
export class StoreWorld implements Disposable {
  readonly folder: string;
  readonly layout: StorageLayout;
  /** The driver's notes: what the broker was told and what people were told. */
  readonly notes: string;
  readonly #home = Deno.makeTempDirSync({ prefix: "orders-fault-" });
  readonly #options: StoreWorldOptions;
  readonly #seed: number;
  readonly #traces: Trace[] = [];

  private constructor(seed: number, options: StoreWorldOptions) {
    this.#options = options;
    this.#seed = seed;
    this.folder = options.folder ?? join(this.#home, "storage");
    this.layout = storageLayout(this.folder);
    this.notes = join(this.#home, "notes.jsonl");
  }

  static async create({ random }: Pick<FaultContext, "random">, options: StoreWorldOptions): Promise<StoreWorld> {
    const world = new StoreWorld(Math.floor(random() * 2 ** 32), options);
    await editStorage(world.folder, async ({ users, ledger }) => {
      for (const [user, status] of [["alice", "paid"], ["carol", "paid"], ["bob", "unpaid"]]) {
        users.append({ user, status });
      }
      await ledger.edit(ITEMS.map((item) => ({ item, set: OPENING, by: "bootstrap" as const })));
    }, { create: true, warn: () => {} });
    return world;
  }

  /** Runs a driver to its end or to the injected fault; `look` gets its output. Permission: run strace, deno. */
  async drive(injection?: Injection, look: (stdout: string) => void = () => {}): Promise<Drive> {
    const trace = join(this.#home, `trace-${this.#traces.length}`);
    const driver = [join(this.#options.root ?? CHECKOUT, "tests/support/store_driver.ts"), this.folder, this.notes];
    const deno = [Deno.execPath(), "run", "-A", "--no-check", "--quiet", ...driver, `${this.#seed}`];
    const args = [...this.#strace(trace, injection), ...deno, `${this.#options.batches}`];
    const child = new Deno.Command("strace", { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
    const deadline = setTimeout(
      () => endTraced(child),
      PATIENCE_MS[this.#options.root === undefined ? "store" : "mutant"],
    );
    const start = performance.now();
    try {
      let firstCommitMs: number | undefined;
      const [{ code }, stdout, stderr] = await Promise.all([
        child.status,
        textOf(child.stdout, (text) => {
          look(text);
          if (/^(on|done)$/m.test(text)) firstCommitMs ??= performance.now() - start;
        }),
        textOf(child.stderr),
      ]);
      this.#traces.push({ text: Deno.readTextFileSync(trace), files: injection?.files });
      return { code, firstCommitMs: firstCommitMs ?? performance.now() - start, stdout, stderr };
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Orders that a commit was based on. */
  get accepted(): string[] {
    return linesOf<Noted>(this.notes).flatMap((note) => "accepted" in note ? note.accepted : []);
  }

  /** What the drivers did, as strace wrote it. */
  get traces(): readonly Trace[] {
    return this.#traces;
  }

  /** What the run came to; the plan has to be worked off. */
  outcome(recoveryMs: number, broken: readonly string[] = []): FaultOutcome {
    const plan = storePlan(this.#seed, this.#options.batches);
    const sent = plan.flatMap(({ orders }) => orders.map(({ order_id }) => order_id));
    const found = checkStorage(this.folder, sent);
    const noted = linesOf<Noted>(this.notes);
    const forgotten = this.accepted.filter((id) =>
      !linesOf<{ order_id: string }>(this.layout.orders).some(
        (line) => line.order_id === id,
      )
    );
    const early = earlyCommits(this.#traces, this.layout, this.notes);
    return {
      lost: new Set([...found.lost, ...forgotten]).size,
      doubled: found.doubled.length,
      unbalanced: found.unbalanced.length,
      recoveryMs,
      broken: [...broken, ...found.broken, ...early, ...undoneEdits(this.layout, noted)],
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#home, { recursive: true });
  }

  #strace(trace: string, injection: Injection | undefined): string[] {
    const files = Object.values(this.layout).flatMap((path) => [path, `${path}.tmp`]);
    const paths = [...(injection?.files ?? [...files, this.notes])].flatMap((path) => ["-P", path]);
    const calls = ["-e", `trace=${STORE_CALLS.join(",")}`];
    const inject = injection === undefined
      ? []
      : ["-e", `inject=${injection.call}:${injection.what}:when=${injection.from}+`];
    return ["-f", "-y", "-s", "8", "-o", trace, ...paths, ...calls, ...inject];
  }
}

/** Edits that somebody was told of, or saved, and that are not in the journal. */
function undoneEdits(layout: StorageLayout, noted: readonly Noted[]): string[] {
  const orders = linesOf<{ seq: number; item: string; quantity: number; remaining: number }>(layout.orders);
  const journal = linesOf<JournalLine>(layout.edits);
  // Of the numbers that are compacted each one that is not an order is an edit, and checkStorage() adds them up.
  const compacted = journal.find(({ item }) => item === undefined)?.seq ?? 0;
  const isCompacted = (edit: number) => edit <= compacted && orders.every(({ seq }) => seq !== edit);
  const sold = (item: string, from: number, to: number) =>
    orders.filter((order) => order.item === item && order.seq > from && order.seq < to).reduce(
      (sum, { quantity }) => sum + quantity,
      0,
    );
  return noted.flatMap((note) => {
    const edits = "item" in note ? journal.filter(({ item }) => item === note.item) : [];
    if ("set" in note) {
      const isThere = edits.some(({ set, by }) => by === "tool" && set === note.set) || isCompacted(note.seq);
      return isThere ? [] : [`the tool's ${note.set} of ${note.item} is not in the journal`];
    }
    if (!("hand" in note)) return [];
    // A save counts as of its row: orders since come off it, and an edit since stands above it.
    const { item, hand, asOf } = note;
    const after = (seq: number) => Math.max(0, hand - (asOf === null ? 0 : sold(item, asOf, seq)));
    const counts = edits.some(({ seq, by, set }) =>
      seq > (asOf ?? 0) && (by !== "hand" || set === after(seq) || seq <= compacted)
    );
    const isAsBefore = orders.some((order) => order.item === item && order.remaining === after(order.seq + 1));
    return counts || isAsBefore ? [] : [`the ${hand} of ${item} saved by hand as of ${asOf} did not count`];
  });
}

interface JournalLine {
  seq: number;
  /** Undefined in the first line of a compacted journal. */
  item?: string;
  set?: number | null;
  by?: string;
}

/** The records of a file of JSON lines; lines that are none are left to the checker. */
function linesOf<T>(path: string): T[] {
  let text = "";
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

/** Why calls cannot be met on this machine. */
export function noStrace(): string | undefined {
  const isThere = Deno.build.os === "linux" && new Deno.Command("which", { args: ["strace"] }).outputSync().success;
  return isThere ? undefined : "strace is missing: apt install strace";
}

/** Ends a process that strace runs, and with it strace: a tracee outlives its tracer. */
export function endTraced(strace: Deno.ChildProcess): void {
  // By way of `ps`: Deno itself opens nothing in /proc without all permissions.
  const { stdout } = new Deno.Command("ps", { args: ["-o", "pid=", "--ppid", `${strace.pid}`] }).outputSync();
  for (const pid of new TextDecoder().decode(stdout).split("\n").map(Number).filter((pid) => pid > 0)) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function textOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  look: (text: string) => void = () => {},
): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) look(text += chunk);
  return text;
}
