import { hash } from "node:crypto";
import { MAX_ORDER_ID_LENGTH } from "./order.ts";

const UUID = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i;
const RUN_BYTES = 16;
/** The upper bits of this digit are 10, the lower ones are the hash's. */
const VARIANTS = "89ab";

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
  const encoder = new TextEncoder();
  return (orderId) => {
    const { written } = encoder.encodeInto(orderId, name);
    const sha1 = hash("sha1", named.subarray(0, RUN_BYTES + written));
    const variant = VARIANTS[parseInt(sha1[16], 16) % VARIANTS.length];
    return `${sha1.slice(0, 8)}-${sha1.slice(8, 12)}-5${sha1.slice(13, 16)}-${variant}${sha1.slice(17, 20)}-${
      sha1.slice(20, 32)
    }`;
  };
}
