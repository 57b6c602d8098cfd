import { join } from "node:path";
import { EXIT, Failure, Outage } from "../../lib/errors.ts";
import { diskFailure } from "../../lib/files/disk/disk_failure.ts";
import { editStorage } from "../../lib/files/store/edit_storage.ts";
import { FileStore } from "../../lib/files/store/file_store.ts";
import { batchOf, process } from "./storage.ts";
import { type PlannedBatch, type PlannedEdit, storePlan } from "./store_plan.ts";

/** A line of the file that stands for the broker and for a person's memory; it lies outside of the storage. */
export type Noted =
  /** The group's offset was committed; what the store had said of the batch. */
  | { partition: number; to: number; accepted: string[] }
  /** A tool reported success. */
  | { edit: string; item: string; set: number; seq: number }
  /** An editor replaced inventory.csv. */
  | { edit: string; item: string; hand: number; asOf: number | null }
  | { user: string; edit: string }
  | { edit: string };

const TOPIC = "orders";
/** Few, so that the journals are compacted every few batches. */
const COMPACT_ABOVE = 4;
const OPTIONS = { warn: () => {}, compactAbove: COMPACT_ABOVE };

/**
 * `store_driver.ts FOLDER NOTES SEED COUNT`: processes the batches of a plan with a real `FileStore` and no broker.
 *
 * Goes on at the first batch whose commit is not in NOTES, as a broker would redeliver it, or where the store says.
 * Says `open`, `outage: …`, `on` (after the first commit, and after an outage) and `done` on stdout; ends with the exit code of a command. Exists to be killed: it does
 * little besides the store's own system calls, and always in the same order.
 */
async function run(folder: string, notesPath: string, plan: readonly PlannedBatch[]): Promise<void> {
  const notes = new Notes(notesPath);
  const store = await FileStore.open(folder, OPTIONS);
  try {
    console.log("open");
    for (const [index, planned] of plan.entries()) {
      for (const [place, edit] of planned.before.entries()) {
        const name = `${index}/${place}`;
        if (notes.edits.has(name)) continue;
        // Who was interrupted may as well give up.
        if (notes.isInterrupted && place + index & 1) notes.add({ edit: name });
        else await untilPossible(() => editAs(folder, store, edit, { name, notes })).catch(endAtOnce);
      }
      await untilPossible(() => deliver(store, planned, notes));
    }
  } finally {
    await store.close();
  }
  console.log("done");
}

/** Processes what the group has not read of a batch, and commits its offset. */
async function deliver(store: FileStore, { partition, from, orders }: PlannedBatch, notes: Notes): Promise<void> {
  const to = from + orders.length;
  const start = Math.max(
    from,
    await store.resumeAt({ topic: TOPIC, topicId: undefined, partition }) ?? notes.committed.get(partition) ?? 0,
  );
  if (start >= to) return;
  const batch = batchOf(orders.slice(start - from), { topic: TOPIC, partition, from: start, to });
  const verdicts = await process(store, batch);
  const accepted = verdicts.filter(({ kind }) => kind !== "rejected").map(({ received }) => received.order.order_id);
  if (notes.add({ partition, to, accepted }) === 1) console.log("on");
}

async function editAs(
  folder: string,
  store: FileStore,
  edit: PlannedEdit,
  { name, notes }: { name: string; notes: Notes },
): Promise<void> {
  if (edit.kind === "checkpoint") {
    await store.checkpoint();
    notes.add({ edit: name });
  } else if (edit.kind === "user") {
    await editStorage(folder, ({ users }) => {
      if (users.row(edit.user) === undefined) users.append({ user: edit.user, status: edit.status });
      else users.set(edit.user, "status", edit.status);
    }, OPTIONS);
    notes.add({ user: edit.user, edit: name });
  } else if (edit.kind === "tool") {
    const done = await editStorage(folder, async ({ ledger }) => {
      const set = (ledger.item(edit.item)?.quantity ?? 0) + edit.add;
      await ledger.edit([{ item: edit.item, set, by: "tool" }]);
      return { set, seq: ledger.seq };
    }, OPTIONS);
    notes.add({ edit: name, item: edit.item, ...done });
  } else {
    const asOf = savedByHand(folder, edit);
    notes.add({ edit: name, ...asOf === undefined ? {} : { item: edit.item, hand: edit.quantity, asOf } });
  }
}

/** {@linkcode saveByHand} on a disk that fails: a person tries again once there is room. */
function savedByHand(folder: string, edit: { item: string; quantity: number; blank: boolean }) {
  try {
    return saveByHand(folder, edit);
  } catch (error) {
    throw diskFailure("Cannot save by hand", error);
  }
}

/**
 * What an editor does that replaces a file safely, long enough ago to count as finished.
 *
 * Answers the row's `as_of`, null where it is blank; undefined where the row is as it was.
 */
function saveByHand(
  folder: string,
  edit: { item: string; quantity: number; blank: boolean },
): number | null | undefined {
  const path = join(folder, "inventory.csv");
  let asOf: number | null | undefined;
  const rows = Deno.readTextFileSync(path).split("\n").map((row) => {
    const [item, quantity, as] = row.split(",");
    if (item !== edit.item || Number(quantity) === edit.quantity) return row;
    asOf = edit.blank || as === undefined || as === "" ? null : Number(as);
    return `${item},${edit.quantity},${edit.blank ? "" : as ?? ""}`;
  });
  const copy = join(folder, ".inventory.csv.swp");
  Deno.writeTextFileSync(copy, rows.join("\n"));
  using file = Deno.openSync(copy, { read: true, write: true });
  const then = new Date(Date.now() - 60_000);
  file.utimeSync(then, then);
  file.syncSync();
  Deno.renameSync(copy, path);
  using entries = Deno.openSync(folder);
  entries.syncSync();
  return asOf;
}

/** A tool is a process of its own: the consumer hears nothing of its failure, and writes nothing because of it. */
function endAtOnce(error: unknown): never {
  console.error(error);
  Deno.exit(error instanceof Failure ? error.exit : EXIT.failed);
}

/** Tries again while the disk is full, as the consumer and a person would. */
async function untilPossible(work: () => Promise<void>): Promise<void> {
  for (let outages = 0;; outages++) {
    try {
      await work();
      if (outages > 0) console.log("on");
      return;
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
      if (outages === 0) console.log(`outage: ${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

class Notes {
  /** Offset to read next, by partition. */
  readonly committed = new Map<number, number>();
  /** The edits that are done. */
  readonly edits = new Set<string>();
  readonly #file: Deno.FsFile;
  #commits = 0;
  /** Whether an earlier process was killed, and this one has done nothing yet. */
  isInterrupted: boolean;

  constructor(path: string) {
    this.#file = Deno.openSync(path, { append: true, create: true });
    this.isInterrupted = this.#file.statSync().size > 0;
    for (const line of Deno.readTextFileSync(path).split("\n").slice(0, -1)) this.#apply(JSON.parse(line));
  }

  /** The number of commits of this process. Never synced: no fault of these tests takes the other disk's power. */
  add(note: Noted): number {
    this.#file.writeSync(new TextEncoder().encode(JSON.stringify(note) + "\n"));
    this.isInterrupted = false;
    this.#apply(note);
    return "edit" in note ? 0 : ++this.#commits;
  }

  #apply(note: Noted): void {
    if ("edit" in note) this.edits.add(note.edit);
    else this.committed.set(note.partition, note.to);
  }
}

if (import.meta.main) {
  const [folder, notes, seed, count] = Deno.args;
  try {
    await run(folder, notes, storePlan(Number(seed), Number(count)));
  } catch (error) {
    endAtOnce(error);
  }
}
