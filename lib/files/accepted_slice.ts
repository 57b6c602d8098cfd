import { v5 as uuidV5 } from "uuid";
import type { OutgoingOrder } from "../ports.ts";
import type { Slice } from "../slice.ts";
import type { LoggedOrder } from "./order_log.ts";
import { readLoggedOrders } from "./read_storage.ts";

export interface AcceptedChoice {
  /** A UUID; the same run gives the same order the same new id. */
  run: string;
  /** Keep the ids and times the orders have. */
  sameId: boolean;
  /** Leave out orders that are replays themselves. */
  originals: boolean;
  warn(sentence: string): void;
}

/** What the log holds for a replay, as of one moment. */
interface Survey {
  total: number;
  /** Those among them that are replays themselves. */
  replays: number;
  /** Orders that this run, begun earlier, has already placed, by the id they are replays of. */
  placed: Set<string>;
  /** The last order that belongs to it; what is accepted after that does not. */
  lastSeq: number;
}

/**
 * The accepted orders in the log of `folder`, as it is at the call, oldest first.
 *
 * Placed anew, an order gets an id made of the run and its old id, and what the run has placed before is left out: so a
 * resumed run cannot place one twice. Permissions: read and write of the storage folder (its write lock).
 */
export async function acceptedSlice(folder: string, choice: AcceptedChoice): Promise<Slice<OutgoingOrder>> {
  const survey = await surveyLog(folder, choice);
  const items = () => outgoingOrders(folder, choice, survey);
  const { total, replays, placed } = survey;
  return { total, noun: "order", notes: notesOn(survey), counts: { replays, placed_before: placed.size }, items };
}

async function surveyLog(folder: string, choice: AcceptedChoice): Promise<Survey> {
  const survey: Survey = { total: 0, replays: 0, placed: new Set(), lastSeq: 0 };
  for await (const order of await readLoggedOrders(folder, choice.warn)) {
    survey.lastSeq = order.seq;
    if (placedByRun(order, choice)) {
      survey.placed.add(order.replay_of!);
    } else if (isWanted(order, choice)) {
      survey.total++;
      if (order.replay_of !== undefined) survey.replays++;
    }
  }
  survey.total -= survey.placed.size;
  return survey;
}

async function* outgoingOrders(folder: string, choice: AcceptedChoice, survey: Survey): AsyncGenerator<OutgoingOrder> {
  for await (const order of await readLoggedOrders(folder, choice.warn)) {
    if (order.seq > survey.lastSeq) return;
    if (!isWanted(order, choice) || placedByRun(order, choice) || survey.placed.has(order.order_id)) continue;
    yield choice.sameId ? sameAgain(order) : placedAnew(order, choice.run);
  }
}

function isWanted(order: LoggedOrder, { originals }: AcceptedChoice): boolean {
  return !originals || order.replay_of === undefined;
}

/** Whether the order came out of this very run, which is then a resumed one. */
function placedByRun({ order_id, replay_of }: LoggedOrder, { sameId, run }: AcceptedChoice): boolean {
  return !sameId && replay_of !== undefined && order_id === uuidV5(replay_of, run);
}

function placedAnew({ order_id, user, item, quantity }: LoggedOrder, run: string): OutgoingOrder {
  const order = { order_id: uuidV5(order_id, run), user, item, quantity, created_at: Date.now() };
  return { order, replayOf: order_id };
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
