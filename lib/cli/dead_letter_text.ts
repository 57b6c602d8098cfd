import { Buffer, isUtf8 } from "node:buffer";
import type { Header } from "../header.ts";
import type { StoredDeadLetter } from "../ports.ts";
import { counted } from "../counted.ts";
import { escapeControls } from "./escape.ts";

/** The most characters of a value, or bytes of one that is not text, shown to a person. */
const SHOWN_CHARACTERS = 400;
const SHOWN_BYTES = 64;

/** What is known about a dead letter's value. */
export interface DeadLetterValue {
  schemaId?: number;
  /** As JSON. */
  decoded?: string;
  /** Why it cannot be read as an order now; missing if it can, or if nobody can tell. */
  undecodable?: string;
  /** The registry did not answer. */
  untold?: boolean;
}

/** A dead letter as lines for a person; nothing in them can control a terminal. */
export function deadLetterLines(deadLetter: StoredDeadLetter, value: DeadLetterValue): string[] {
  const { offset, origin, reason, timestamp, key, headers } = deadLetter;
  const from = origin === undefined
    ? "of unknown origin"
    : `from ${origin.topic} partition ${origin.partition} offset ${origin.offset}`;
  const lines = [`#${offset}  ${from}  ${timeOf(timestamp)}  ${reason ?? "without a reason"}`];
  if (key !== null) lines.push(`  key     ${bytesShown(key)}`);
  for (const [name, header] of headers) {
    lines.push(`  header  ${bytesShown(name)}: ${header === null ? "null" : bytesShown(header)}`);
  }
  lines.push(`  value   ${describeValue(deadLetter.value, value)}`);
  const now = stateNow(value, reason);
  if (now !== undefined) lines.push(`  now     ${now}`);
  return lines.map(escapeControls);
}

/** A dead letter for a machine: key and value in base64, headers as pairs, as text if they are valid UTF-8. */
export function deadLetterJson(
  deadLetter: StoredDeadLetter,
  { schemaId, decoded, undecodable, untold }: DeadLetterValue,
): object {
  const { offset, origin, reason, timestamp, key, value, headers } = deadLetter;
  return {
    offset,
    origin,
    timestamp,
    reason,
    key: base64(key),
    value: base64(value),
    headers: headers.map((header) => header.map(textOrBase64)),
    schema_id: schemaId,
    decoded: decoded === undefined ? undefined : JSON.parse(decoded),
    order_now: untold ? undefined : undecodable === undefined,
  };
}

function textOrBase64(content: Header[number]): string | { base64: string } | null {
  if (content === null || typeof content === "string") return content;
  return isUtf8(content) ? Buffer.from(content).toString() : { base64: Buffer.from(content).toString("base64") };
}

function describeValue(bytes: Uint8Array | null, { schemaId, decoded }: DeadLetterValue): string {
  if (bytes === null) return "null";
  const schema = schemaId === undefined ? "" : `schema ${schemaId}, `;
  return `${schema}${counted(bytes.length, "byte")}: ${decoded === undefined ? bytesShown(bytes) : cut(decoded)}`;
}

function stateNow({ undecodable, untold }: DeadLetterValue, reason: string | undefined): string | undefined {
  if (untold) return undefined;
  if (undecodable === undefined) return "can be read as an order";
  return undecodable === reason ? undefined : undecodable;
}

/** Bytes as text if they are text, else in hex. */
export function bytesShown(value: Uint8Array | string): string {
  const bytes = Buffer.from(value);
  // deno-lint-ignore no-control-regex -- text for a terminal has whitespace, backspaces and escapes, but no others
  if (isUtf8(bytes) && !/[\x00-\x06\x0e-\x1a\x1c-\x1f]/.test(bytes.toString())) return cut(bytes.toString());
  const hex = bytes.subarray(0, SHOWN_BYTES).toString("hex").replace(/..(?=.)/g, "$& ");
  return bytes.length > SHOWN_BYTES ? `${hex} …` : hex;
}

function cut(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return text;
  return `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)`;
}

function timeOf(timestamp: number): string {
  return Number.isFinite(timestamp) && Math.abs(timestamp) <= 8.64e15
    ? new Date(timestamp).toISOString()
    : String(timestamp);
}

function base64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("base64");
}
