import { Buffer } from "node:buffer";
import type { OrderColumns } from "../order_columns.ts";
import { VarintReader } from "../varint_reader.ts";
import { viewOf } from "../view_of.ts";

/** Bytes of the longest int of Avro, and of the longest long that a number surely holds. */
const MAX_INT_BYTES = 5;
const MAX_LONG_BYTES = 7;

/**
 * Reads the Avro body of an order that was written with our own schema, field by field, into columns.
 *
 * `orderResolver` reads any schema and knows what is wrong with a body; this one gives up at anything unusual. It takes
 * a tenth of the time: no text and no object is made.
 */
export class OrderReader {
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #reader = new VarintReader(this.#bytes);

  /** Adds the order whose body is `bytes[from, to)`; false, and nothing added, if `orderResolver` has to read it. */
  read(bytes: Buffer, from: number, to: number, offset: number, into: OrderColumns): boolean {
    if (bytes !== this.#bytes) this.#open(bytes);
    const reader = this.#reader;
    const row = into.length;
    reader.at = from;
    const idEnd = reader.int() + reader.at;
    const idStart = reader.at;
    if (!(idEnd >= idStart && idEnd < to)) return false;
    reader.at = idEnd;
    const userEnd = reader.int() + reader.at;
    if (!(userEnd >= reader.at && userEnd < to)) return false;
    const userStart = reader.at;
    reader.at = userEnd;
    const itemEnd = reader.int() + reader.at;
    if (!(itemEnd >= reader.at && itemEnd < to)) return false;
    const itemStart = reader.at;
    reader.at = itemEnd;
    const quantity = reader.int();
    const longAt = reader.at;
    const createdAt = reader.int();
    const isUsual = longAt - itemEnd <= MAX_INT_BYTES && reader.at - longAt <= MAX_LONG_BYTES && reader.at === to;
    if (!isUsual) return false;
    into.user[row] = into.names.numberOf(bytes, userStart, userEnd);
    into.item[row] = into.names.numberOf(bytes, itemStart, itemEnd);
    into.quantity[row] = quantity;
    into.createdAt[row] = createdAt;
    into.endRow(offset, this.#view, idStart, idEnd);
    return true;
  }

  #open(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#reader = new VarintReader(bytes);
  }
}
