import type { LinePlace } from "./line_place.ts";

/** Offsets of one block: so few that a rejection far from any other takes about as much memory as its line on the disk. */
const BLOCK = 1 << 8;

/**
 * The last rejection of each record, one byte for each offset, in blocks: an order that is judged again has several
 * lines, and may be accepted in the end.
 */
export class LastReasons {
  /** A reason's code is its index + 1. */
  readonly #reasons: string[] = [];
  /** By code. */
  readonly #counts: number[] = [];
  /** By topic, partition and block. */
  readonly #topics = new Map<string, Map<number, Map<number, Uint8Array>>>();

  /** Whether nothing was ever rejected. */
  get isEmpty(): boolean {
    return this.#topics.size === 0;
  }

  reject({ topic, partition, offset, reason }: LinePlace): void {
    let code = this.#reasons.indexOf(reason) + 1;
    if (code === 0) code = this.#reasons.push(reason);
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) this.#topics.set(topic, partitions = new Map());
    let blocks = partitions.get(partition);
    if (blocks === undefined) partitions.set(partition, blocks = new Map());
    const number = Math.floor(offset / BLOCK);
    let block = blocks.get(number);
    if (block === undefined) blocks.set(number, block = new Uint8Array(BLOCK));
    this.#set(block, offset, code);
  }

  accept({ topic, partition, offset }: LinePlace): void {
    const block = this.#topics.get(topic)?.get(partition)?.get(Math.floor(offset / BLOCK));
    if (block !== undefined) this.#set(block, offset, 0);
  }

  /** How many records each reason is the last one of. */
  counts(): Record<string, number> {
    const counts = this.#reasons.map((reason, index) => [reason, this.#counts[index + 1] ?? 0] as const);
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  #set(block: Uint8Array, offset: number, code: number): void {
    const before = block[offset % BLOCK];
    if (before > 0) this.#counts[before]--;
    if (code > 0) this.#counts[code] = (this.#counts[code] ?? 0) + 1;
    block[offset % BLOCK] = code;
  }
}
