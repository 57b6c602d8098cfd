import type { OutgoingOrder } from "../../ports.ts";
import { countsOfRejected, isAskedFor, isMendable, notesOnRejected, onceMore } from "../../redrive.ts";
import { type BeginProgress, unwatched } from "../../progress.ts";
import type { Slice } from "../../slice.ts";
import type { RejectedChoice, RejectedOrder } from "../../store_admin.ts";
import { storageLayout } from "../disk/layout.ts";
import { loggedOrders, loggedSoFar } from "./read_storage.ts";
import { rejectedLines } from "./rejected_places.ts";
import { sizeOf } from "../disk/exists.ts";
import { requireFolder } from "../store/storage_folder.ts";

interface Told {
  warn(sentence: string): void;
  begin?: BeginProgress;
}

/** What was rejected up to one moment; lines count from 1. */
interface Survey {
  /** Byte at which the last line of that moment ends. */
  length: number;
  lines: number;
  /** The last line of each order_id: the last verdict counts. */
  last: Map<string, number>;
  /** Those of them that were accepted since. */
  accepted: Set<string>;
  damaged: number;
}

/** What becomes of one rejected order; undefined if the filter excludes it. */
type Fate = "wanted" | "accepted" | "final" | "sent" | undefined;

/**
 * The rejected orders of `folder` that might be accepted now, judged by their last rejection, each once and with its
 * id.
 *
 * Left out are orders accepted since, and those that no change of users or stock can help: invalid ones and duplicates.
 * Memory grows with each order_id in the file. Permissions: read and write of the storage folder (its write lock).
 */
export async function rejectedSlice(folder: string, choice: RejectedChoice & Told): Promise<Slice<OutgoingOrder>> {
  const survey = await surveyRejected(folder, choice);
  const counts = { total: 0, accepted: 0, final: 0, sent: 0 };
  const limit = Math.max(0, (choice.filter.limit ?? Infinity) - choice.sent.size);
  for (const { fate } of rejections(folder, survey, choice)) {
    if (fate === "wanted") counts.total = Math.min(counts.total + 1, limit);
    else if (fate !== undefined) counts[fate]++;
  }
  return {
    total: counts.total,
    noun: "rejected order",
    notes: [...notesOnRejected(counts), ...damagedNotes(survey)],
    counts: countsOfRejected(counts),
    to: survey.lines + 1,
    items: () => outgoingOrders(folder, survey, { ...choice, limit }),
  };
}

async function surveyRejected(
  folder: string,
  { filter, warn, begin = unwatched }: RejectedChoice & Told,
): Promise<Survey> {
  const layout = storageLayout(folder);
  requireFolder(layout);
  const survey: Survey = {
    length: sizeOf(layout.rejected) ?? 0,
    lines: 0,
    last: new Map(),
    accepted: new Set(),
    damaged: 0,
  };
  for (const { order, line } of rejectedLines({ path: layout.rejected, length: survey.length })) {
    if (line >= (filter.to ?? Infinity)) break;
    survey.lines = line;
    if (order === undefined) survey.damaged++;
    else survey.last.set(order.order_id, line);
  }
  // Read after the rejections, so that an order accepted in between is left out too.
  const log = await loggedSoFar(folder, warn);
  for (const { order_id } of loggedOrders(log, begin("Looking through the accepted orders", "bytes"))) {
    if (survey.last.has(order_id)) survey.accepted.add(order_id);
  }
  return survey;
}

function* outgoingOrders(
  folder: string,
  survey: Survey,
  choice: RejectedChoice & { limit: number },
): Generator<OutgoingOrder> {
  let left = choice.limit;
  for (const { order, fate } of rejections(folder, survey, choice)) {
    if (fate !== "wanted") continue;
    if (left-- <= 0) return;
    yield onceMore(order, choice.run);
  }
}

/** The last rejection of each order, in file order. */
function* rejections(folder: string, survey: Survey, choice: RejectedChoice) {
  const path = storageLayout(folder).rejected;
  for (const { order, line } of rejectedLines({ path, length: survey.length })) {
    if (line > survey.lines) return;
    if (order === undefined || survey.last.get(order.order_id) !== line) continue;
    yield { order, fate: fateOf(order, line, { survey, choice }) };
  }
}

function fateOf(
  order: RejectedOrder,
  line: number,
  { survey, choice }: { survey: Survey; choice: RejectedChoice },
): Fate {
  const { filter, sent } = choice;
  if (line < (filter.from ?? 0) || !isAskedFor(order, filter)) return undefined;
  if (!isMendable(order)) return "final";
  if (sent.has(order.order_id)) return "sent";
  return survey.accepted.has(order.order_id) ? "accepted" : "wanted";
}

function damagedNotes({ damaged }: Survey): string[] {
  return damaged > 0 ? [`${damaged} left out whose line is damaged`] : [];
}
