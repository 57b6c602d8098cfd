import { Buffer } from "node:buffer";
import { asRecord, OrderDecoder, type RecordColumns } from "../../lib/avro/order_codec.ts";
import type { WriterSchemas } from "../../lib/avro/schema_registry.ts";
import type { Order } from "../../lib/order.ts";
import { OrderColumns } from "../../lib/order_columns.ts";

/** An order, or one line that says why the bytes are not one. */
export type Decoded = { order: Order } | { undecodable: string };

/** An `OrderDecoder` of one value at a time, which gives objects. */
export class ValueDecoder {
  readonly #decoder: OrderDecoder;

  constructor(schemas: WriterSchemas, options: { now?: () => number } = {}) {
    this.#decoder = new OrderDecoder(schemas, options);
  }

  async prepare(values: Iterable<Buffer | null>): Promise<void> {
    await this.#decoder.prepare(asRecords([...values]));
  }

  /** `timestamp` is that of the record. */
  decode(value: Buffer | null, timestamp: number): Decoded {
    const orders = new OrderColumns({ topic: "orders", partition: 0 }, 1, this.#decoder.names);
    const undecodable = this.#decoder.decode(asRecord(value, { timestamp }), 0, orders);
    return undecodable === undefined ? { order: orders.at(0).order } : { undecodable };
  }
}

/** Values as the columns of a batch. */
export function asRecords(values: readonly (Buffer | null)[]): RecordColumns {
  const bytes = values.map((value) => value ?? Buffer.alloc(0));
  const zeros = bytes.map(() => 0);
  const valueTo = values.map((value) => value?.length ?? -1);
  return { length: bytes.length, bytes, valueFrom: zeros, valueTo, offset: zeros, timestamp: zeros };
}
