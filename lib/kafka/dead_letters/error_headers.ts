import { Buffer } from "node:buffer";
import type { Header } from "../../header.ts";
import type { Coordinates } from "../../order.ts";
import type { DeadLetter } from "../../ports.ts";

/** The prefix of Kafka Connect's error headers; ours are the same, so Connect's tools can read our dead letters. */
const PREFIX = "__connect.errors.";
/** The first of these headers, in Connect as here. */
const FIRST = PREFIX + "topic";
const STAGE = "VALUE_CONVERTER";

/** The error headers of a dead letter, and the headers its record came with. */
export interface ErrorHeaders {
  origin: Coordinates | undefined;
  reason: string | undefined;
  own: readonly Header[];
}

/** The headers added after a record's own, saying where it came from and why it is not an order. */
export function errorHeaders({ at, reason }: Pick<DeadLetter, "at" | "reason">): Header[] {
  const errors = {
    topic: at.topic,
    partition: at.partition,
    offset: at.offset,
    stage: STAGE,
    "exception.message": reason,
  };
  return Object.entries(errors).map(([name, said]) => [PREFIX + name, Buffer.from(String(said))]);
}

/**
 * Separates the last block of error headers from the record's own headers. These may contain error headers too, if the
 * record was a dead letter before, perhaps of another system. The last block begins with the last header that names a
 * topic.
 */
export function readErrorHeaders(headers: readonly Header[]): ErrorHeaders {
  const start = headers.findLastIndex(([name]) => name === FIRST);
  if (start < 0) return { origin: undefined, reason: undefined, own: headers };
  let end = start;
  while (end < headers.length && isError(headers[end])) end++;
  const block = new Map(
    headers.slice(start, end).map(([name, value]) => [name, value && Buffer.from(value).toString()]),
  );
  return {
    origin: originOf(block),
    reason: block.get(PREFIX + "exception.message") ?? undefined,
    own: [...headers.slice(0, start), ...headers.slice(end)],
  };
}

function isError([name]: Header): boolean {
  return typeof name === "string" && name.startsWith(PREFIX);
}

/** Anybody may write to the topic, so invalid coordinates are ignored. */
function originOf(block: ReadonlyMap<Header[0], string | null>): Coordinates | undefined {
  const topic = block.get(FIRST);
  const [partition, offset] = ["partition", "offset"].map((name) => {
    const text = block.get(PREFIX + name);
    return text && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  });
  return topic && partition !== undefined && offset !== undefined ? { topic, partition, offset } : undefined;
}
