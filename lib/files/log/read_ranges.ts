import { createHash } from "node:crypto";
import { type OffsetRange, OffsetRanges, type PartitionRanges } from "../../offset_ranges.ts";
import type { MovedPartition } from "../../store_admin.ts";
import type { AppendFile } from "../disk/append_file.ts";
import { Journal, type JournalOptions } from "./journal.ts";
import type { StorageLayout } from "../disk/layout.ts";

/** A line of `positions.jsonl`; `seq` is the last one of log and edits when the line was written. */
type ReadRangesLine =
  /** These offsets were read and every verdict on them is durable. */
  | { seq: number; topic: string; partition: number; from: number; to: number }
  /**
   * Reading of the partition goes on at `start`, whatever the group's offset says, until a range is read from there;
   * null: the group's offset counts again.
   */
  | { seq: number; topic: string; partition: number; start: number | null }
  /** The log was cut after `seq`: reading goes on at these offsets, and ranges read from there on are void. */
  | { seq: number; again: PartitionStart[] }
  /** The system itself wrote this file with these bytes; other bytes are a person's. */
  | { seq: number; wrote: string; sha256: string };

interface PartitionStart {
  topic: string;
  partition: number;
  start: number;
}

/** What is known of one partition. */
interface PartitionState {
  topic: string;
  partition: number;
  readonly ranges: OffsetRanges;
  start?: number;
}

/** Writings remembered per file: the newest, which may not have been completed, and some that a person may put back. */
const KEPT_WRITINGS = 8;

/**
 * `positions.jsonl`: which offsets were read, and which bytes of the CSV files are the system's own.
 *
 * A range is durable before its offset is committed to the group, so the group is never ahead of the store unless
 * somebody moved it. Used under the write lock. Bounded by partitions and gaps: see {@linkcode compact}.
 */
export class ReadRanges {
  readonly #journal: Journal<ReadRangesLine>;
  readonly #partitions = new Map<string, PartitionState>();
  /** Hashes by file, the newest last. */
  readonly #writings = new Map<string, string[]>();

  constructor(layout: StorageLayout, options?: JournalOptions & { file?: AppendFile }) {
    this.#journal = new Journal(layout.positions, options);
  }

  /** Picks up what other processes wrote. */
  refresh(): void {
    if (this.#journal.reopenIfCompacted()) {
      this.#partitions.clear();
      this.#writings.clear();
    }
    this.#journal.news((record) => this.#apply(record));
  }

  /**
   * Reads the file for the first time, beside a log that ends at `logSeq`.
   *
   * Ranges written after `logSeq` belong to orders that the log no longer has: they are void, and their partitions are
   * read again from the start of the first void range.
   */
  async load(logSeq: number): Promise<void> {
    const again = new Map<string, PartitionStart>();
    this.#journal.news((record) => {
      if ("from" in record && record.seq > logSeq) {
        const { topic, partition, from } = record;
        const key = partitionKey(topic, partition);
        again.set(key, { topic, partition, start: Math.min(from, again.get(key)?.start ?? from) });
        return;
      }
      // An earlier start has dealt with what was void then.
      if ("again" in record) {
        for (const { topic, partition } of record.again) again.delete(partitionKey(topic, partition));
      }
      this.#apply(record);
    });
    this.#journal.cutTorn();
    if (again.size > 0) await this.#append({ seq: logSeq, again: [...again.values()] });
  }

  /** Records that `[from, to)` was read, durably. */
  async read(topic: string, partition: number, range: OffsetRange, seq: number): Promise<void> {
    await this.#append({ seq, topic, partition, ...range });
  }

  /**
   * Makes reading of these partitions go on at these offsets, or at the group's where it is undefined, durably: the
   * store's side of an offset reset.
   */
  async restartAt(topic: string, starts: ReadonlyMap<number, number | undefined>, seq: number): Promise<void> {
    await this.#append(...[...starts].map(([partition, start = null]) => ({ seq, topic, partition, start })));
  }

  /** Where reading has to go on, whatever the group says; undefined if the group's offset counts. */
  startOf(topic: string, partition: number): number | undefined {
    return this.#partitions.get(partitionKey(topic, partition))?.start;
  }

  /** A copy of the ranges read of each partition, sorted, neighbours joined. */
  ranges(): PartitionRanges[] {
    return [...this.#partitions.values()].filter(({ ranges }) => ranges.size > 0)
      .map(({ topic, partition, ranges }) => ({ topic, partition, ranges: ranges.toArray() }));
  }

  /** The same, also of partitions of which nothing was read, and where reading has to go on. */
  partitions(): MovedPartition[] {
    return [...this.#partitions.values()].filter(({ ranges, start }) => ranges.size > 0 || start !== undefined)
      .map(({ topic, partition, ranges, start }) => ({ topic, partition, ranges: ranges.toArray(), position: start }));
  }

  /** Takes over what another store has read, durably. */
  async fill(partitions: readonly MovedPartition[], seq: number): Promise<void> {
    const records = partitions.flatMap(({ topic, partition, ranges, position }): ReadRangesLine[] => [
      ...ranges.map((range) => ({ seq, topic, partition, ...range })),
      ...(position === undefined ? [] : [{ seq, topic, partition, start: position }]), // a range that is read ends a start
    ]);
    this.#journal.append(records);
    await this.#journal.sync();
    for (const record of records) this.#apply(record);
  }

  /** Notes that the system writes `bytes` into `file` next, or has looked them through. Not synced: a lost note only costs a closer look. */
  wrote(file: string, bytes: Uint8Array, seq: number): void {
    this.refresh();
    const record = { seq, wrote: file, sha256: sha256(bytes) };
    if (this.#writings.get(file)?.at(-1) === record.sha256) return;
    this.#journal.append([record]);
    this.#apply(record);
  }

  /** Whether exactly these bytes are among the last that the system itself wrote into `file`. */
  isOwnWriting(file: string, bytes: Uint8Array): boolean {
    return this.#writings.get(file)?.includes(sha256(bytes)) ?? false;
  }

  /**
   * Replaces the file with one line per range, start and writing, once it has many more lines than that.
   *
   * `seq` is what the CSV is durably current to. A log that ends before it is damage, so it no longer matters when each
   * range was read.
   */
  compact(seq: number): void {
    const states = [...this.#partitions.values()];
    const writings = [...this.#writings].flatMap(([wrote, hashes]) => hashes.map((sha256) => ({ seq, wrote, sha256 })));
    const needed = states.reduce((sum, { ranges }) => sum + ranges.size + 1, writings.length);
    if (!this.#journal.isWorthCompacting(needed)) return;
    const ranges = states.flatMap(({ topic, partition, ranges }) =>
      ranges.toArray().map((range) => ({ seq, topic, partition, ...range }))
    );
    // After the ranges, because a range clears the start of its partition.
    const starts = states.flatMap(({ topic, partition, start }) =>
      start === undefined ? [] : [{ seq, topic, partition, start }]
    );
    this.#journal.compact([...ranges, ...starts, ...writings]);
  }

  close(): void {
    this.#journal.close();
  }

  async #append(...records: ReadRangesLine[]): Promise<void> {
    this.refresh(); // so as not to overwrite what others appended since
    this.#journal.append(records);
    await this.#journal.sync();
    for (const record of records) this.#apply(record);
  }

  #apply(record: ReadRangesLine): void {
    if ("wrote" in record) {
      const others = (this.#writings.get(record.wrote) ?? []).filter((hash) => hash !== record.sha256);
      this.#writings.set(record.wrote, [...others, record.sha256].slice(-KEPT_WRITINGS));
    } else if ("again" in record) {
      for (const { topic, partition, start } of record.again) {
        const state = this.#partition(topic, partition);
        state.start = start;
        state.ranges.cut(start);
      }
    } else if ("start" in record) {
      this.#partition(record.topic, record.partition).start = record.start ?? undefined;
    } else {
      const state = this.#partition(record.topic, record.partition);
      state.start = undefined;
      state.ranges.add(record);
    }
  }

  #partition(topic: string, partition: number): PartitionState {
    const key = partitionKey(topic, partition);
    let state = this.#partitions.get(key);
    if (state === undefined) this.#partitions.set(key, state = { topic, partition, ranges: new OffsetRanges() });
    return state;
  }
}

function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
