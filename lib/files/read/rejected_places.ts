import { Buffer } from "node:buffer";
import type { Coordinates } from "../../order.ts";
import type { RejectedOrder } from "../../store_admin.ts";
import { AppendFile } from "../disk/append_file.ts";
import { sealedRecords, unsealLine } from "../log/sealed_line.ts";

/** Bytes read at a time: lines of neighbouring offsets are mostly neighbours. */
const WINDOW = 1 << 16;
const LINE_FEED = 0x0a;

/** A beginning of `rejected.jsonl`, which stays as it is while more is appended. */
export interface RejectedPart {
  path: string;
  /** Bytes from the beginning. */
  length: number;
}

/** A whole line of `rejected.jsonl`. */
export interface RejectedLine {
  /** Undefined where it is damaged. */
  order: RejectedOrder | undefined;
  /** Counted from 1. */
  line: number;
  /** The byte at which it starts. */
  start: number;
}

export function* rejectedLines({ path, length }: RejectedPart): Generator<RejectedLine> {
  if (length === 0) return;
  const file = AppendFile.openToRead(path);
  let line = 0;
  try {
    for (const { record, start, whole } of sealedRecords(file, length).flatMap((records) => records)) {
      if (whole) yield { order: record as RejectedOrder | undefined, line: ++line, start };
    }
  } finally {
    file.close();
  }
}

/** Where the last line about each record lies: 16 bytes a line. */
export class RejectedPlaces {
  readonly #part: RejectedPart;
  readonly #partitions = new Map<string, PartitionPlaces>();

  /** Leaves out the records that `isAccepted`. */
  constructor(part: RejectedPart, isAccepted: (place: Coordinates) => boolean) {
    this.#part = part;
    for (const { order, start } of rejectedLines(part)) {
      if (order === undefined || isAccepted(order)) continue;
      const { topic, partition, offset } = order;
      const key = `${topic}/${partition}`;
      let places = this.#partitions.get(key);
      if (places === undefined) this.#partitions.set(key, places = new PartitionPlaces(topic, partition));
      places.add(offset, start);
    }
    for (const places of this.#partitions.values()) places.settle();
  }

  isLast({ topic, partition, offset }: Coordinates, start: number): boolean {
    return this.#partitions.get(`${topic}/${partition}`)?.startOf(offset) === start;
  }

  byOffset(): { topic: string; partition: number; orders: Iterable<RejectedOrder> }[] {
    return [...this.#partitions.values()].map((places) => {
      const { topic, partition } = places;
      return { topic, partition, orders: { [Symbol.iterator]: () => linesAt(this.#part, places) } };
    });
  }
}

/** Offsets of one partition, ascending once settled, and where the last line about each starts. */
class PartitionPlaces {
  readonly topic: string;
  readonly partition: number;
  #offsets = new Float64Array(1 << 8);
  #starts = new Float64Array(1 << 8);
  #size = 0;
  #isSorted = true;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get starts(): Float64Array {
    return this.#starts.subarray(0, this.#size);
  }

  add(offset: number, start: number): void {
    if (this.#size === this.#offsets.length) {
      this.#offsets = larger(this.#offsets);
      this.#starts = larger(this.#starts);
    }
    this.#isSorted &&= this.#size === 0 || this.#offsets[this.#size - 1] < offset;
    this.#offsets[this.#size] = offset;
    this.#starts[this.#size++] = start;
  }

  /** Sorts by offset, and keeps the last line about each. */
  settle(): void {
    if (this.#isSorted) return;
    const [offsets, starts] = [this.#offsets, this.#starts];
    const rows = new Uint32Array(this.#size).map((_, row) => row)
      .sort((one, other) => offsets[one] - offsets[other] || starts[one] - starts[other]);
    const last = rows.filter((row, at) => at === rows.length - 1 || offsets[rows[at + 1]] !== offsets[row]);
    this.#size = last.length;
    this.#offsets = Float64Array.from(last, (row) => offsets[row]);
    this.#starts = Float64Array.from(last, (row) => starts[row]);
  }

  startOf(offset: number): number | undefined {
    for (let [low, high] = [0, this.#size - 1]; low <= high;) {
      const middle = (low + high) >> 1;
      if (this.#offsets[middle] === offset) return this.#starts[middle];
      if (this.#offsets[middle] < offset) low = middle + 1;
      else high = middle - 1;
    }
  }
}

function* linesAt({ path, length }: RejectedPart, { starts }: PartitionPlaces): Generator<RejectedOrder> {
  const file = AppendFile.openToRead(path);
  let window = { from: 0, bytes: new Uint8Array(0) };
  /** The line without its line feed; undefined where the window does not hold all of it. */
  const lineAt = (start: number) => {
    const rest = window.bytes.subarray(start - window.from);
    const end = rest.indexOf(LINE_FEED);
    return end < 0 ? undefined : rest.subarray(0, end);
  };
  try {
    for (const start of starts) {
      const isInside = start >= window.from && start < window.from + window.bytes.length;
      let line = isInside ? lineAt(start) : undefined;
      for (let size = WINDOW; line === undefined; size *= 2) {
        window = { from: start, bytes: Buffer.from(file.read(start, Math.min(start + size, length))) };
        line = lineAt(start);
      }
      yield unsealLine(line) as unknown as RejectedOrder;
    }
  } finally {
    file.close();
  }
}

function larger(numbers: Float64Array): Float64Array<ArrayBuffer> {
  const twice = new Float64Array(numbers.length * 2);
  twice.set(numbers);
  return twice;
}
