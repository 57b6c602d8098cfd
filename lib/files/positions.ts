import { createHash } from "node:crypto";
import type { AppendFile } from "./append_file.ts";
import { Journal } from "./journal.ts";
import type { StorageLayout } from "./layout.ts";

/** Offsets `[from, to)` of one partition. */
export interface OffsetRange {
  from: number;
  to: number;
}

/** What was read of one partition. */
export interface PartitionRanges {
  topic: string;
  partition: number;
  ranges: OffsetRange[];
}

/** A line of `positions.jsonl`; `seq` is the last one of log and edits when the line was written. */
type PositionRecord =
  /** These offsets were read and every verdict on them is durable. */
  | { seq: number; topic: string; partition: number; from: number; to: number }
  /** Reading of the partition goes on at `start`, whatever the group's offset says; until a range is read from there. */
  | { seq: number; topic: string; partition: number; start: number }
  /** The log was cut after `seq`: ranges above it are void, and reading goes on where they began. One line, so whole. */
  | { seq: number; again: { topic: string; partition: number; start: number }[] }
  /** The system itself wrote this file with these bytes; other bytes are a person's. */
  | { seq: number; wrote: string; sha256: string };

/**
 * `positions.jsonl`: which offsets were read, and which bytes of the CSV files are the system's own.
 *
 * A range is durable before its offset is committed to the group, so the group never is ahead of the store unless
 * somebody moved it. Used under the write lock.
 */
export class Positions {
  readonly #journal: Journal<PositionRecord>;
  readonly #ranges = new Map<string, OffsetRange[]>();
  readonly #starts = new Map<string, number>();
  readonly #written = new Set<string>();

  constructor(layout: StorageLayout, file?: AppendFile) {
    this.#journal = new Journal(layout.positions, file);
  }

  /** Picks up what other processes appended. */
  refresh(): void {
    for (const record of valid(this.#journal.news().map(({ record }) => record))) this.#apply(record);
  }

  /**
   * The first reading of the file, next to a log that ends at `logSeq`.
   *
   * Ranges read after `logSeq` speak of orders that the log no longer has: they are void, and their partitions are to
   * be read again from where the first of them began.
   */
  async load(logSeq: number): Promise<void> {
    const records = valid(this.#journal.news().map(({ record }) => record));
    this.#journal.cutTorn();
    for (const record of records) if (record.seq <= logSeq || !("from" in record)) this.#apply(record);
    const again = new Map<string, { topic: string; partition: number; start: number }>();
    for (const record of records) {
      if (record.seq <= logSeq || !("from" in record)) continue;
      const { topic, partition, from } = record;
      const start = Math.min(from, again.get(partitionKey(topic, partition))?.start ?? from);
      again.set(partitionKey(topic, partition), { topic, partition, start });
    }
    if (again.size > 0) await this.#append([{ seq: logSeq, again: [...again.values()] }]);
  }

  /** Records that `[from, to)` was read, durably. */
  async read(topic: string, partition: number, range: OffsetRange, seq: number): Promise<void> {
    await this.#append([{ seq, topic, partition, ...range }]);
  }

  /** Makes reading of the partition go on at `offset`, durably: the store's half of an offset reset. */
  async restartAt(topic: string, partition: number, offset: number, seq: number): Promise<void> {
    await this.#append([{ seq, topic, partition, start: offset }]);
  }

  /** Where reading has to go on whatever the group says; undefined where the group's offset counts. */
  startOf(topic: string, partition: number): number | undefined {
    return this.#starts.get(partitionKey(topic, partition));
  }

  /** The ranges read of each partition, sorted, neighbours joined; a copy. */
  ranges(): PartitionRanges[] {
    return [...this.#ranges].map(([key, ranges]) => {
      const slash = key.lastIndexOf("/");
      const copy = ranges.map((range) => ({ ...range }));
      return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)), ranges: copy };
    });
  }

  /** Notes that the system writes `bytes` into `file` next, or has looked them through. Not synced: a lost note only costs a closer look. */
  wrote(file: string, bytes: Uint8Array, seq: number): void {
    this.refresh();
    if (this.isOwnWriting(file, bytes)) return;
    const record = { seq, wrote: file, sha256: sha256(bytes) };
    this.#journal.append([record]);
    this.#apply(record);
  }

  /** Whether the system itself once wrote exactly these bytes into `file`. */
  isOwnWriting(file: string, bytes: Uint8Array): boolean {
    return this.#written.has(`${file} ${sha256(bytes)}`);
  }

  close(): void {
    this.#journal.close();
  }

  async #append(records: PositionRecord[]): Promise<void> {
    this.refresh(); // what others appended since must not be written over
    this.#journal.append(records);
    await this.#journal.file.sync();
    for (const record of records) this.#apply(record);
  }

  #apply(record: PositionRecord): void {
    if ("wrote" in record) {
      this.#written.add(`${record.wrote} ${record.sha256}`);
      return;
    }
    if ("again" in record) {
      for (const { topic, partition, start } of record.again) this.#starts.set(partitionKey(topic, partition), start);
      return;
    }
    const key = partitionKey(record.topic, record.partition);
    if ("start" in record) {
      this.#starts.set(key, record.start);
    } else {
      this.#starts.delete(key);
      this.#ranges.set(key, joinRange(this.#ranges.get(key) ?? [], record));
    }
  }
}

/** The records without the ranges that a later `again` made void. */
function valid(records: readonly PositionRecord[]): PositionRecord[] {
  let cutAfter = Infinity;
  const kept = records.toReversed().filter((record) => {
    if ("again" in record) cutAfter = Math.min(cutAfter, record.seq);
    return !("from" in record) || record.seq <= cutAfter;
  });
  return kept.reverse();
}

/** `ranges`, sorted and disjoint, with `{ from, to }` joined in. */
export function joinRange(ranges: readonly OffsetRange[], { from, to }: OffsetRange): OffsetRange[] {
  const last = ranges.at(-1);
  // Reading on from where the last batch ended is the rule; it must not cost a copy of the list.
  if (last !== undefined && from >= last.from && from <= last.to) {
    last.to = Math.max(last.to, to);
    return ranges as OffsetRange[];
  }
  const before = ranges.filter((range) => range.to < from);
  const after = ranges.filter((range) => range.from > to);
  const touched = ranges.filter((range) => range.to >= from && range.from <= to);
  const joined = {
    from: Math.min(from, ...touched.map((range) => range.from)),
    to: Math.max(to, ...touched.map((range) => range.to)),
  };
  return [...before, joined, ...after];
}

function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
