/** Where the fields of a record batch lie, format 2 (Kafka's documentation, "Record Batch"); in bytes from its start. */
export const AT = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} satisfies Record<string, number>;

/** The value of `magic` for format 2. */
export const FORMAT = 2;
/** Bytes that the field `length` does not count: those up to and including itself. */
export const BEFORE_LENGTH = 12;

/** Bits of `attributes`. */
export const CODEC = 0x07;
export const GZIP = 1;
export const LOG_APPEND_TIME = 0x08;
export const IN_TRANSACTION = 0x10;
export const CONTROL = 0x20;
