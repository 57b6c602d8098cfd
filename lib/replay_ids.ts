import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { MAX_ORDER_ID_LENGTH } from "./order.ts";
import { MAX_SHA1_BYTES, sha1 } from "./sha1.ts";

const UUID = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i;
const RUN_BYTES = 16;
const SHA1_BYTES = 20;
const UUID_LENGTH = 36;

/** Whether `text` can name a run of a replay. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Maps the id of an order to its new id in `run`, a UUID: UUIDv5 in the run's namespace (RFC 9562, 5.5). */
export function replayIds(run: string): (orderId: string) => string {
  // The bytes of the run, followed by room for the longest id.
  const named = new Uint8Array(RUN_BYTES + 3 * MAX_ORDER_ID_LENGTH);
  named.setFromHex(run.replaceAll("-", ""));
  const name = named.subarray(RUN_BYTES);
  const block = new DataView(named.buffer);
  const digest = new Uint8Array(SHA1_BYTES);
  const digestView = new DataView(digest.buffer);
  const encoder = new TextEncoder();
  return (orderId) => {
    if (orderId.length <= MAX_SHA1_BYTES - RUN_BYTES && putAscii(orderId, name)) {
      sha1(block, RUN_BYTES + orderId.length, digestView);
    } else {
      const { written } = encoder.encodeInto(orderId, name);
      digest.set(hash("sha1", named.subarray(0, RUN_BYTES + written), "buffer"));
    }
    return uuid5(digest);
  };
}

/** Writes the characters of `text` as bytes; false if they are not all ASCII. */
function putAscii(text: string, bytes: Uint8Array): boolean {
  let all = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    all |= code;
    bytes[index] = code;
  }
  return all < 0x80;
}

const HEX = new TextEncoder().encode("0123456789abcdef");
const letters = Buffer.alloc(UUID_LENGTH, "-");

/** The UUIDv5 with the first 16 bytes of a digest, of which six bits are overwritten. */
function uuid5(digest: Uint8Array): string {
  digest[6] = digest[6] & 0x0f | 0x50; // the version
  digest[8] = digest[8] & 0x3f | 0x80; // the variant
  let at = 0;
  for (let index = 0; index < 16; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) at++; // a dash stays
    letters[at++] = HEX[digest[index] >> 4];
    letters[at++] = HEX[digest[index] & 15];
  }
  return letters.toString("latin1");
}
