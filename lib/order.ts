import { UNSAFE } from "./safe_json.ts";

/** One order, with the field names of the Avro record and of `orders.jsonl`. */
export interface Order {
  /** 1-256 characters, compared byte by byte; the identity of the order. */
  order_id: string;
  user: string;
  item: string;
  /** Units, a whole number; valid if > 0. */
  quantity: number;
  /**
   * Milliseconds since the epoch, as set by the sender, else the record's timestamp in Kafka; never used for ordering.
   */
  created_at: number;
}

/** An order, and whether its texts can be what they are: known from their bytes, texts need not be made for that. */
export interface CheckedOrder extends Order {
  /** As {@linkcode isValidOrderId} says. */
  readonly hasValidId: boolean;
  /** As {@linkcode isValidName} says of user and item. */
  readonly hasValidNames: boolean;
}

/** A field that sample orders have in addition. */
export interface OwnField {
  name: string;
  /** In Avro. */
  type: string;
  /** What orders have that were sent without it; it lets the registry take the new schema. */
  default: string | number | boolean;
  /** Each sample order has one of these. */
  samples: readonly (string | number | boolean)[];
}

/** Fields of your own: docs/guides/own-field.md adds one. */
export const OWN_FIELDS: readonly OwnField[] = [];

/** Where a record lies in Kafka. */
export interface Coordinates {
  topic: string;
  partition: number;
  offset: number;
}

/** An order as it arrived: decoded, not yet judged. */
export interface ReceivedOrder {
  order: Order;
  at: Coordinates;
  /** The order_id this one is a replay of, from the header `replay_of`. */
  replayOf?: string;
}

export interface User {
  name: string;
  status: string;
}

export interface StockItem {
  name: string;
  /** Units in stock, a whole number >= 0. */
  quantity: number;
}

/** Key under which a user or item is looked up: names are compared in Unicode NFC, bytes are kept as given. */
export function nameKey(name: string): string {
  return PLAIN.test(name) ? name : name.normalize("NFC"); // ASCII is in NFC already; testing for it takes a tenth of the time
}

/** Largest quantity of an order or an item: the largest Avro int. */
export const MAX_QUANTITY = 2 ** 31 - 1;
export const MAX_NAME_LENGTH = 256;
export const MAX_ORDER_ID_LENGTH = 256;

// Characters that are unsafe to show can also make two names look the same. A lone surrogate has no UTF-8 form, and
// invalid UTF-8 decodes to U+FFFD, which different bytes would then share.
const IN_NO_NAME = new RegExp(`[${UNSAFE}\\ufffc\\ufffd]`, "u");
const PLAIN = /^[\x20-\x7e]+$/;

/** Whether `name` can be a user or an item: 1-256 characters, none invisible, controlling or undecodable. */
export function isValidName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_NAME_LENGTH && (PLAIN.test(name) || !IN_NO_NAME.test(name));
}

/** Whether `id` can be an `order_id`; the same alphabet as a name. */
export function isValidOrderId(id: string): boolean {
  return id.length > 0 && id.length <= MAX_ORDER_ID_LENGTH && (PLAIN.test(id) || !IN_NO_NAME.test(id));
}
