import type { OutgoingOrder } from "../../ports.ts";
import { type BeginProgress, unwatched } from "../../progress.ts";
import { countsOfReplay, notesOnReplay, ReplayCounts, ReplayOrders } from "../../replay_orders.ts";
import type { Slice, SliceFilter } from "../../slice.ts";
import type { AcceptedChoice } from "../../store_admin.ts";
import type { LoggedOrder } from "../log/logged_line.ts";
import { countLogged, loggedOrders, loggedSoFar, type LogPart } from "./read_storage.ts";

/**
 * The accepted orders in the log of `folder` that the choice selects, as the log is at the call, oldest first.
 *
 * Permissions: read and write of the storage folder (its write lock).
 */
export async function acceptedSlice(
  folder: string,
  choice: AcceptedChoice & { warn(sentence: string): void; begin?: BeginProgress },
): Promise<Slice<OutgoingOrder>> {
  const log = await loggedSoFar(folder, choice.warn);
  const orders = new ReplayOrders(choice);
  const progress = (choice.begin ?? unwatched)("Counting the accepted orders", "bytes");
  const lines = countLogged(log, '"replay_of":', { visit: (order) => orders.visitReplay(order), progress });
  const part = { log, filter: { ...choice.filter, to: Math.min(choice.filter.to ?? Infinity, lines + 1) } };
  const found = orders.isAll ? orders.surveyAll(lines) : surveyed(part, orders);
  return {
    total: found.total,
    noun: "order",
    notes: notesOnReplay(found),
    counts: countsOfReplay(found),
    to: part.filter.to,
    items: () => outgoing(part, orders),
  };
}

/** Lines of the log, counted from 1. */
interface Part {
  log: LogPart;
  filter: Pick<SliceFilter, "from" | "to">;
}

function surveyed(part: Part, orders: ReplayOrders): ReplayCounts {
  const counts = new ReplayCounts();
  const fateOf = orders.fates();
  for (const order of linesOf(part)) counts.add(fateOf(order), order);
  return counts;
}

function* outgoing(part: Part, orders: ReplayOrders): Generator<OutgoingOrder> {
  const fateOf = orders.fates();
  for (const order of linesOf(part)) if (fateOf(order) === "sent") yield orders.outgoing(order);
}

function* linesOf({ log, filter: { from = 1, to = Infinity } }: Part): Generator<LoggedOrder> {
  let line = 0;
  for (const order of loggedOrders(log)) {
    line++;
    if (line >= to) return;
    if (line >= from) yield order;
  }
}
