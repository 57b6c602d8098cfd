import type { OutgoingOrder } from "../../ports.ts";
import { countsOfReplay, notesOnReplay, ReplayOrders, type ReplaySurvey } from "../../replay_orders.ts";
import { type BeginProgress, unwatched } from "../../progress.ts";
import type { Slice } from "../../slice.ts";
import type { AcceptedChoice } from "../../store_admin.ts";
import { countLogged, loggedOrders, loggedSoFar, type LogPart } from "./read_storage.ts";

/**
 * The accepted orders in the log of `folder`, as it is at the call, oldest first.
 *
 * Permissions: read and write of the storage folder (its write lock).
 */
export async function acceptedSlice(
  folder: string,
  choice: AcceptedChoice & { warn(sentence: string): void; begin?: BeginProgress },
): Promise<Slice<OutgoingOrder>> {
  const log = await loggedSoFar(folder, choice.warn);
  const orders = new ReplayOrders(choice);
  const { visit, survey } = orders.surveyor();
  const progress = (choice.begin ?? unwatched)("Counting the accepted orders", "bytes");
  const found = survey(countLogged(log, '"replay_of":', { visit, progress }));
  return {
    total: found.total,
    noun: "order",
    notes: notesOnReplay(found),
    counts: countsOfReplay(found),
    items: () => outgoing(log, orders, found),
  };
}

function* outgoing(log: LogPart, orders: ReplayOrders, survey: ReplaySurvey): Generator<OutgoingOrder> {
  for (const order of loggedOrders(log)) {
    const sent = orders.outgoing(order, survey);
    if (sent !== undefined) yield sent;
  }
}
