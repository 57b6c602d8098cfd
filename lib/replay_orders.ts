import type { OutgoingOrder } from "./ports.ts";
import { replayIds } from "./replay_ids.ts";
import { isInTime, isOfNames } from "./slice.ts";
import type { AcceptedChoice, AcceptedOrder } from "./store_admin.ts";

/** What a replay sends and leaves out, as of one moment. */
export interface ReplaySurvey {
  total: number;
  /** Those among them that are replays themselves. */
  replays: number;
  /** Orders of the slice that this run, begun earlier, has already placed. */
  placed: number;
}

/** What a replay needs to know about an accepted order. */
type Replayed = Pick<AcceptedOrder, "order_id" | "replay_of">;

/** What becomes of one accepted order; undefined if it is not in the slice. */
export type ReplayFate = "sent" | "placed" | undefined;

/**
 * Makes the accepted orders into those that a replay sends.
 *
 * Placed anew, an order gets an id made of the run and its old id, and what the run has placed before is left out: so a
 * resumed run cannot place one twice.
 */
export class ReplayOrders {
  readonly #choice: AcceptedChoice;
  readonly #idOf: (orderId: string) => string;
  /** Whether the slice is the whole log. */
  readonly isAll: boolean;
  /** The orders that this run, begun earlier, has already placed. */
  readonly #placed = new Set<string>();
  #replays = 0;

  constructor(choice: AcceptedChoice) {
    this.#choice = choice;
    this.#idOf = replayIds(choice.run);
    this.isAll = Object.values(choice.filter).every((value) => value === undefined);
  }

  /** Gets each accepted order that is a replay, wherever it lies, before {@linkcode fates}. */
  visitReplay(order: Replayed): void {
    if (this.#isOwn(order)) this.#placed.add(order.replay_of!);
    else this.#replays++;
  }

  /** The survey of a slice that is the whole log, with so many accepted orders. */
  surveyAll(count: number): ReplaySurvey {
    const placed = this.#placed.size;
    const replays = this.#choice.originals ? 0 : this.#replays;
    return { total: count - this.#replays + replays - 2 * placed, replays, placed };
  }

  /** The fate of each accepted order from the first on: a limit is counted. */
  fates(): (order: AcceptedOrder) => ReplayFate {
    const { filter, originals } = this.#choice;
    let left = filter.limit ?? Infinity;
    return (order) => {
      if (order.replay_of !== undefined && (originals || this.#isOwn(order))) return undefined;
      if (!this.isAll && !(isInTime(filter, order.created_at) && isOfNames(filter, order))) return undefined;
      if (left-- <= 0) return undefined;
      // Even an empty Set hashes what is looked up.
      return this.#placed.size > 0 && this.#placed.has(order.order_id) ? "placed" : "sent";
    };
  }

  /** The order as it is sent. */
  outgoing(accepted: AcceptedOrder): OutgoingOrder {
    const { order_id, user, item, quantity, created_at, replay_of } = accepted;
    if (this.#choice.sameId) return { order: { order_id, user, item, quantity, created_at }, replayOf: replay_of };
    const order = { order_id: this.#idOf(order_id), user, item, quantity, created_at };
    return { order, replayOf: order_id, isNew: true };
  }

  /** Whether this very run sent the order, which means that it was resumed. */
  #isOwn({ order_id, replay_of }: Replayed): boolean {
    return !this.#choice.sameId && replay_of !== undefined && order_id === this.#idOf(replay_of);
  }
}

/** Counts the fates of a slice. */
export class ReplayCounts implements ReplaySurvey {
  total = 0;
  replays = 0;
  placed = 0;

  add(fate: ReplayFate, { replay_of }: Replayed): void {
    if (fate === "placed") this.placed++;
    if (fate !== "sent") return;
    this.total++;
    if (replay_of !== undefined) this.replays++;
  }
}

/** The figures of a survey under the names that programs read. */
export function countsOfReplay({ replays, placed }: ReplaySurvey): Record<string, number> {
  return { replays, placed_before: placed };
}

/** The same as a person reads them. */
export function notesOnReplay({ replays, placed }: ReplaySurvey): string[] {
  const notes = [];
  if (replays > 0) notes.push(`${replays} of them replays themselves (--originals leaves those out)`);
  if (placed > 0) notes.push(`${placed} were placed by this run before`);
  return notes;
}
