import { Buffer } from "node:buffer";
import { invalidOrder } from "./decide_order.ts";
import { NameTable } from "./name_table.ts";
import { type CheckedOrder, isValidOrderId, MAX_ORDER_ID_LENGTH, type Order, type ReceivedOrder } from "./order.ts";
import { copyPlain } from "./plain_text.ts";
import { HASH_WORDS, type HashKey, sipHashBytes } from "./sip_hash.ts";
import { viewOf } from "./view_of.ts";

/** Bytes of an id that there is room for at first: those of a UUID, rounded up. */
const USUAL_ID = 40;

/** What is known of a row: the order is valid; its id is; the bytes of its id are their JSON, without the quotes. */
const VALID = 1;
const VALID_ID = 2;
const PLAIN_ID = 4;

/**
 * The orders of one batch, decoded and not yet judged: a row each, by offset, with a column per field.
 *
 * An object per order, with its texts, costs more to make and to collect than all decisions about it. So the usual path
 * works on numbers and bytes; {@linkcode at} makes the object of a row, for a person or for the unusual case. The
 * columns have bytes of their own: nothing in them points to what was fetched.
 */
export class OrderColumns implements Iterable<ReceivedOrder> {
  readonly topic: string;
  readonly partition: number;
  /** Where the numbers of users and items come from. */
  readonly names: NameTable;
  /** Offset in the partition. */
  readonly offset: Float64Array;
  /** Numbers in {@linkcode names}. */
  readonly user: Int32Array;
  readonly item: Int32Array;
  /** Units; anything that a number can be, as long as the order is not known to be valid. */
  readonly quantity: Float64Array;
  /** Milliseconds since the epoch. */
  readonly createdAt: Float64Array;
  readonly #kinds: Uint8Array;
  readonly #idEnds: Int32Array;
  readonly #replayOf = new Map<number, string>();
  #length = 0;
  /** The ids' UTF-8, one after the other. */
  #ids: Buffer;
  #view: DataView;
  readonly #row = new OrderRow(this);
  #hashes: Uint32Array<ArrayBuffer> | undefined;
  #hashKey: HashKey | undefined;

  /** Room for `capacity` rows. */
  constructor({ topic, partition }: { topic: string; partition: number }, capacity: number, names = new NameTable()) {
    this.topic = topic;
    this.partition = partition;
    this.names = names;
    this.offset = new Float64Array(capacity);
    this.user = new Int32Array(capacity);
    this.item = new Int32Array(capacity);
    this.quantity = new Float64Array(capacity);
    this.createdAt = new Float64Array(capacity);
    this.#kinds = new Uint8Array(capacity);
    this.#idEnds = new Int32Array(capacity);
    this.#ids = Buffer.allocUnsafeSlow(capacity * USUAL_ID);
    this.#view = viewOf(this.#ids);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Ends a row, once {@linkcode user}, {@linkcode item}, {@linkcode quantity} and {@linkcode createdAt} are set at
   * {@linkcode length}. The UTF-8 of its order_id is `bytes[from, to)`.
   */
  endRow(offset: number, bytes: DataView, from: number, to: number): void {
    const row = this.#length++;
    if (row === this.offset.length) throw new RangeError(`No room for more than ${row} rows`); // it would be lost
    this.offset[row] = offset;
    const start = this.idStart(row);
    const end = start + to - from;
    if (end > this.#ids.length) this.#reserve(end);
    this.#idEnds[row] = end;
    const isPlain = copyPlain(bytes, from, to, this.#view, start);
    const length = to - from;
    // What is plain consists of valid characters, and has as many of them as bytes.
    const hasValidId = isPlain ? length > 0 && length <= MAX_ORDER_ID_LENGTH : isValidOrderId(this.orderId(row));
    this.#kinds[row] = (isPlain ? PLAIN_ID : 0) | (hasValidId ? VALID_ID : 0);
    this.#row.row = row;
    if (invalidOrder(this.#row) === undefined) this.#kinds[row] |= VALID;
  }

  /** Adds the row of an order that came as an object. */
  add({ order, at, replayOf }: ReceivedOrder): void {
    const row = this.#length;
    this.user[row] = this.names.numberOfText(order.user);
    this.item[row] = this.names.numberOfText(order.item);
    this.quantity[row] = order.quantity;
    this.createdAt[row] = order.created_at;
    const id = Buffer.from(order.order_id);
    this.endRow(at.offset, viewOf(id), 0, id.length);
    if (replayOf !== undefined) this.setReplayOf(row, replayOf);
  }

  /** Notes which order_id the order of a row is a replay of. */
  setReplayOf(row: number, orderId: string): void {
    this.#replayOf.set(row, orderId);
  }

  /** The order_id that the order of a row is a replay of. */
  replayOf(row: number): string | undefined {
    return this.#replayOf.size === 0 ? undefined : this.#replayOf.get(row);
  }

  /** Whether nothing is wrong with the order itself, as {@linkcode invalidOrder} says. */
  isValid(row: number): boolean {
    return (this.#kinds[row] & VALID) !== 0;
  }

  hasValidId(row: number): boolean {
    return (this.#kinds[row] & VALID_ID) !== 0;
  }

  orderId(row: number): string {
    return this.#ids.toString("utf8", this.idStart(row), this.#idEnds[row]);
  }

  /** Whether the bytes of the order_id are its JSON, without the quotes. */
  isPlainId(row: number): boolean {
    return (this.#kinds[row] & PLAIN_ID) !== 0;
  }

  /** The bytes of all ids: a row's lie from {@linkcode idStart} to {@linkcode idEnd}. */
  get ids(): Uint8Array {
    return this.#ids;
  }

  idStart(row: number): number {
    return row === 0 ? 0 : this.#idEnds[row - 1];
  }

  idEnd(row: number): number {
    return this.#idEnds[row];
  }

  /** The order of a row as an object of its own. */
  at(row: number): ReceivedOrder {
    const order: Order = {
      order_id: this.orderId(row),
      user: this.names.text(this.user[row]),
      item: this.names.text(this.item[row]),
      quantity: this.quantity[row],
      created_at: this.createdAt[row],
    };
    const { topic, partition } = this;
    return { order, at: { topic, partition, offset: this.offset[row] }, replayOf: this.replayOf(row) };
  }

  *[Symbol.iterator](): Generator<ReceivedOrder> {
    for (let row = 0; row < this.#length; row++) yield this.at(row);
  }

  /**
   * The hashes of the order_ids of valid orders under `key`, four words a row (`sip_hash.ts`). They are computed once:
   * a store looks them up, and the judge tells repetitions within the batch by them.
   */
  hashes(key: HashKey): Uint32Array<ArrayBuffer> {
    if (this.#hashes !== undefined && this.#hashKey === key) return this.#hashes;
    const hashes = new Uint32Array(this.#length * HASH_WORDS);
    for (let row = 0; row < this.#length; row++) {
      if (!this.isValid(row)) continue; // it takes no effect, and may be of any length
      sipHashBytes(this.#view, this.idStart(row), this.#idEnds[row], key, hashes, row * HASH_WORDS);
    }
    this.#hashKey = key;
    return this.#hashes = hashes;
  }

  #reserve(end: number): void {
    const ids = Buffer.allocUnsafeSlow(Math.max(2 * this.#ids.length, end));
    ids.set(this.#ids);
    this.#ids = ids;
    this.#view = viewOf(ids);
  }
}

/** A view of one row after the other as an order: what is not asked for is not made. */
export class OrderRow implements CheckedOrder {
  row = 0;
  readonly #orders: OrderColumns;

  constructor(orders: OrderColumns) {
    this.#orders = orders;
  }

  get order_id(): string {
    return this.#orders.orderId(this.row);
  }

  get user(): string {
    return this.#orders.names.text(this.#orders.user[this.row]);
  }

  get item(): string {
    return this.#orders.names.text(this.#orders.item[this.row]);
  }

  get quantity(): number {
    return this.#orders.quantity[this.row];
  }

  get created_at(): number {
    return this.#orders.createdAt[this.row];
  }

  get hasValidId(): boolean {
    return this.#orders.hasValidId(this.row);
  }

  get hasValidNames(): boolean {
    const { names, user, item } = this.#orders;
    return names.isValid(user[this.row]) && names.isValid(item[this.row]);
  }
}
