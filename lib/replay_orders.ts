import { hash } from "node:crypto";
import { Buffer } from "node:buffer";
import { MAX_ORDER_ID_LENGTH } from "./order.ts";
import type { OutgoingOrder } from "./ports.ts";
import type { AcceptedChoice, AcceptedOrder } from "./store_admin.ts";

/** What a store holds for a replay, as of one moment. */
export interface ReplaySurvey {
  total: number;
  /** Those among them that are replays themselves. */
  replays: number;
  /** Orders that this run, begun earlier, has already placed, by the id they are replays of. */
  placed: Set<string>;
}

/** What a replay needs to know about an accepted order. */
type Replayed = Pick<AcceptedOrder, "order_id" | "replay_of">;

/**
 * Makes the accepted orders into those that a replay sends.
 *
 * Placed anew, an order gets an id made of the run and its old id, and what the run has placed before is left out: so a
 * resumed run cannot place one twice.
 */
export class ReplayOrders {
  readonly #choice: AcceptedChoice;
  /** The bytes of the run's UUID, followed by room for the longest id. */
  readonly #named = new Uint8Array(RUN_BYTES + 3 * MAX_ORDER_ID_LENGTH);
  readonly #name = this.#named.subarray(RUN_BYTES);

  constructor(choice: AcceptedChoice) {
    this.#choice = choice;
    this.#named.set(Buffer.from(choice.run.replaceAll("-", ""), "hex"));
  }

  /** Gets the accepted orders that are replays, then the number of all accepted orders. */
  surveyor(): { visit(order: Replayed): void; survey(count: number): ReplaySurvey } {
    const placed = new Set<string>();
    let replays = 0;
    let leftOut = 0;
    const visit = (order: Replayed) => {
      if (order.replay_of === undefined) return;
      const isOwn = this.#isOwn(order);
      if (isOwn) placed.add(order.replay_of);
      if (isOwn || this.#choice.originals) leftOut++;
      else replays++;
    };
    return { visit, survey: (count) => ({ total: count - leftOut - placed.size, replays, placed }) };
  }

  /** The order as it is sent; undefined for one that is left out. */
  outgoing(order: AcceptedOrder, { placed }: ReplaySurvey): OutgoingOrder | undefined {
    const { sameId, originals } = this.#choice;
    const isReplay = order.replay_of !== undefined;
    if (isReplay && (originals || this.#isOwn(order))) return undefined;
    if (placed.size > 0 && placed.has(order.order_id)) return undefined; // even an empty Set hashes what is looked up
    return sameId ? sameAgain(order) : this.#placedAnew(order);
  }

  /** Whether this very run sent the order, which means that it was resumed. */
  #isOwn({ order_id, replay_of }: Replayed): boolean {
    return !this.#choice.sameId && replay_of !== undefined && order_id === this.#idOf(replay_of);
  }

  #placedAnew({ order_id, user, item, quantity }: AcceptedOrder): OutgoingOrder {
    const order = { order_id: this.#idOf(order_id), user, item, quantity, created_at: Date.now() };
    return { order, replayOf: order_id };
  }

  /**
   * The UUIDv5 of the order's id in the namespace of the run (RFC 9562, 5.5).
   *
   * Not by the package `uuid`, which makes an object for each hash: that took three times as long, a third of a replay.
   */
  #idOf(orderId: string): string {
    const { written } = encoder.encodeInto(orderId, this.#name);
    const sha1 = hash("sha1", this.#named.subarray(0, RUN_BYTES + written));
    const variant = VARIANTS[parseInt(sha1[16], 16) % VARIANTS.length];
    return `${sha1.slice(0, 8)}-${sha1.slice(8, 12)}-5${sha1.slice(13, 16)}-${variant}${sha1.slice(17, 20)}-${
      sha1.slice(20, 32)
    }`;
  }
}

const RUN_BYTES = 16;
/** The upper bits of this digit are 10, the lower ones are the hash's. */
const VARIANTS = "89ab";
const encoder = new TextEncoder();

function sameAgain({ order_id, user, item, quantity, created_at, replay_of }: AcceptedOrder): OutgoingOrder {
  return { order: { order_id, user, item, quantity, created_at }, replayOf: replay_of };
}

/** The figures of a survey under the names that programs read. */
export function countsOfReplay({ replays, placed }: ReplaySurvey): Record<string, number> {
  return { replays, placed_before: placed.size };
}

/** The same as a person reads them. */
export function notesOnReplay({ replays, placed }: ReplaySurvey): string[] {
  const notes = [];
  if (replays > 0) notes.push(`${replays} of them replays themselves (--originals leaves those out)`);
  if (placed.size > 0) notes.push(`${placed.size} were placed by this run before`);
  return notes;
}
