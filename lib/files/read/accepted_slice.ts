import type { OutgoingOrder } from "../../ports.ts";
import { replayIds } from "../../replay_ids.ts";
import type { Slice } from "../../slice.ts";
import type { LoggedOrder } from "../log/order_log.ts";
import { countLogged, loggedOrders, loggedSoFar, type LogPart } from "./read_storage.ts";

export interface AcceptedChoice {
  /** A UUID; the same run gives the same order the same new id. */
  run: string;
  /** Keep the ids and times the orders have. */
  sameId: boolean;
  /** Leave out orders that are replays themselves. */
  originals: boolean;
  warn(sentence: string): void;
}

/** What the log holds for a replay at one moment. */
interface Survey {
  total: number;
  /** How many of them are replays themselves. */
  replays: number;
  /** Orders that this resumed run has already placed, by the id they replay. */
  placed: Set<string>;
}

/**
 * The accepted orders in the log of `folder`, as it is at the call, oldest first.
 *
 * A replayed order gets an id derived from the run and its old id, and what the run has placed before is left out, so a
 * resumed run cannot place one twice. Permissions: read and write of the storage folder (its write lock).
 */
export async function acceptedSlice(folder: string, choice: AcceptedChoice): Promise<Slice<OutgoingOrder>> {
  const log = await loggedSoFar(folder, choice.warn);
  const replay = new Replay(choice);
  const survey = replay.survey(log);
  const { total, replays, placed } = survey;
  const counts = { replays, placed_before: placed.size };
  return { total, noun: "order", notes: notesOn(survey), counts, items: () => replay.orders(log, survey) };
}

class Replay {
  readonly #choice: AcceptedChoice;
  readonly #idOf: (orderId: string) => string;

  constructor(choice: AcceptedChoice) {
    this.#choice = choice;
    this.#idOf = replayIds(choice.run);
  }

  /** Only orders that are replays matter here; the others are just counted. */
  survey(log: LogPart): Survey {
    const placed = new Set<string>();
    let replays = 0;
    let leftOut = 0;
    const lines = countLogged(log, '"replay_of":', (order) => {
      if (order.replay_of === undefined) return;
      if (this.#isOwn(order)) placed.add(order.replay_of);
      if (this.#isOwn(order) || this.#choice.originals) leftOut++;
      else replays++;
    });
    return { total: lines - leftOut - placed.size, replays, placed };
  }

  *orders(log: LogPart, { placed }: Survey): Generator<OutgoingOrder> {
    const { sameId, originals } = this.#choice;
    for (const order of loggedOrders(log)) {
      const isReplay = order.replay_of !== undefined;
      if (isReplay && (originals || this.#isOwn(order))) continue;
      if (placed.size > 0 && placed.has(order.order_id)) continue; // even an empty Set hashes its argument
      yield sameId ? sameAgain(order) : this.#placedAnew(order);
    }
  }

  /** Whether the order came from this very run, which is then a resumed one. */
  #isOwn({ order_id, replay_of }: LoggedOrder): boolean {
    return !this.#choice.sameId && replay_of !== undefined && order_id === this.#idOf(replay_of);
  }

  #placedAnew({ order_id, user, item, quantity }: LoggedOrder): OutgoingOrder {
    const order = { order_id: this.#idOf(order_id), user, item, quantity, created_at: Date.now() };
    return { order, replayOf: order_id };
  }
}

function sameAgain({ order_id, user, item, quantity, created_at, replay_of }: LoggedOrder): OutgoingOrder {
  return { order: { order_id, user, item, quantity, created_at }, replayOf: replay_of };
}

function notesOn({ replays, placed }: Survey): string[] {
  const notes = [];
  if (replays > 0) notes.push(`${replays} of them replays themselves (--originals leaves those out)`);
  if (placed.size > 0) notes.push(`${placed.size} were placed by this run before`);
  return notes;
}
