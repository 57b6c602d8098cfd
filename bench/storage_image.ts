import { join } from "node:path";
import { readIndexSnapshot, writeIndexSnapshot } from "../lib/files/index/index_snapshot.ts";
import { storageLayout } from "../lib/files/disk/layout.ts";

const LOG = "orders.jsonl";
/** Enough to hold the last whole line of the log and what may come after it. */
const TAIL_BYTES = 4_096;

/**
 * A storage folder that is restored between rounds to how a clean stop left it.
 *
 * The log is cut back, because copying gigabytes would take longer than the measurement. Permissions: read and write of
 * the folder and of the one beside it that keeps the other files.
 */
export class StorageImage {
  readonly folder: string;
  readonly #kept: string;
  readonly #length: number;
  /** Sequence number of the last line of the log; 0 in an empty one. */
  readonly lastSeq: number;

  constructor(folder: string) {
    this.folder = folder;
    this.#kept = `${folder}-kept`;
    this.#length = Deno.statSync(this.#log).size;
    this.lastSeq = lastSeqIn(this.#log) ?? 0;
    Deno.mkdirSync(this.#kept);
    for (const name of othersIn(folder)) Deno.copyFileSync(join(folder, name), join(this.#kept, name));
  }

  get #log(): string {
    return join(this.folder, LOG);
  }

  /** Puts everything back. Nobody may be using the folder. */
  restore(): void {
    Deno.truncateSync(this.#log, this.#length);
    for (const name of othersIn(this.folder)) Deno.removeSync(join(this.folder, name));
    for (const name of othersIn(this.#kept)) Deno.copyFileSync(join(this.#kept, name), join(this.folder, name));
    // The index records when the log was last touched, so it is rewritten for the log as it is now.
    const { index: path } = storageLayout(this.folder);
    const kept = readIndexSnapshot(path, this.#log);
    if (kept === undefined) throw new Error(`Cannot put ${this.folder} back: its index does not fit the log`);
    writeIndexSnapshot(path, kept.index, { path: this.#log, seq: kept.logSeq, end: kept.logEnd });
  }

  /** Sequence number of the last whole line of the log as it is now. */
  seqNow(): number {
    return lastSeqIn(this.#log) ?? this.lastSeq;
  }
}

function othersIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name !== LOG);
}

/** `seq` of the last whole line; undefined where there is none. */
function lastSeqIn(path: string): number | undefined {
  const file = Deno.openSync(path);
  try {
    const size = file.seekSync(0, Deno.SeekMode.End);
    const bytes = new Uint8Array(Math.min(size, TAIL_BYTES));
    file.seekSync(size - bytes.length, Deno.SeekMode.Start);
    const read = file.readSync(bytes) ?? 0;
    const line = new TextDecoder().decode(bytes.subarray(0, read)).split("\n").at(-2);
    return line === undefined ? undefined : JSON.parse(line).seq;
  } finally {
    file.close();
  }
}
