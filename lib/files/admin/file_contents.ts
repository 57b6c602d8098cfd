import { OffsetSet } from "../../offset_set.ts";
import type { Coordinates } from "../../order.ts";
import type { AcceptedOrder, RejectedOrder } from "../../store_admin.ts";
import type { BeginProgress } from "../../progress.ts";
import type { MovedPartition, StoreContents } from "../../store_contents.ts";
import { AppendFile } from "../disk/append_file.ts";
import { exists } from "../disk/exists.ts";
import { type StorageLayout, storageLayout } from "../disk/layout.ts";
import { ReadRanges } from "../log/read_ranges.ts";
import { sealedRecords } from "../log/sealed_line.ts";
import { auditBalance, type StorageSnapshot, takeSnapshot } from "../read/audit.ts";
import { loggedOrders, readUsers } from "../read/read_storage.ts";

/**
 * All that a storage folder holds, as of one moment. Memory grows with the rejected orders.
 *
 * Permissions: read and write of the folder (its write lock).
 */
export async function fileContents(
  folder: string,
  { warn, begin }: { warn(sentence: string): void; begin: BeginProgress },
): Promise<{ contents: StoreContents; snapshot: StorageSnapshot }> {
  const layout = storageLayout(folder);
  const snapshot = await takeSnapshot(folder, warn);
  const places = new Places();
  const balance = auditBalance(snapshot, (place) => places.add(place), { begin });
  const lastLines = surveyRejected(layout, snapshot.lengths.rejected, places);
  const log = { path: layout.orders, end: snapshot.lengths.orders };
  const contents: StoreContents = {
    ...balance,
    users: readUsers(folder),
    partitions: await partitionsOf(layout, snapshot),
    orders: () => accepted(log),
    rejected: () => lastRejected(layout, snapshot.lengths.rejected, lastLines),
  };
  return { contents, snapshot };
}

/** Places of accepted orders. */
class Places {
  readonly #sets = new Map<string, OffsetSet>();

  add({ topic, partition, offset }: Coordinates): void {
    const key = `${topic}/${partition}`;
    let set = this.#sets.get(key);
    if (set === undefined) this.#sets.set(key, set = new OffsetSet());
    set.add(offset);
  }

  has({ topic, partition, offset }: Coordinates): boolean {
    return this.#sets.get(`${topic}/${partition}`)?.has(offset) ?? false;
  }
}

function* accepted(log: { path: string; end: number }): Generator<AcceptedOrder> {
  for (const { order_id, user, item, quantity, created_at, topic, partition, offset, ...more } of loggedOrders(log)) {
    const { remaining, replay_of, seq } = more;
    yield { order_id, user, item, quantity, created_at, topic, partition, offset, remaining, replay_of, seq };
  }
}

/** The number of the last line about each record that was not accepted in the end. */
function surveyRejected(layout: StorageLayout, length: number, accepted: Places): Map<string, number> {
  const last = new Map<string, number>();
  for (const { order, line } of rejectedLines(layout, length)) {
    if (!accepted.has(order)) last.set(placeOf(order), line);
  }
  return last;
}

function* lastRejected(
  layout: StorageLayout,
  length: number,
  lastLines: ReadonlyMap<string, number>,
): Generator<RejectedOrder> {
  for (const { order, line } of rejectedLines(layout, length)) {
    if (lastLines.get(placeOf(order)) === line) yield order;
  }
}

function placeOf({ topic, partition, offset }: Coordinates): string {
  return `${topic}/${partition}/${offset}`;
}

function* rejectedLines(layout: StorageLayout, length: number): Generator<{ order: RejectedOrder; line: number }> {
  if (length === 0) return;
  const file = AppendFile.openToRead(layout.rejected);
  let line = 0;
  try {
    for (const { record } of sealedRecords(file, length).flatMap((records) => records)) {
      line++;
      if (record !== undefined) yield { order: record as unknown as RejectedOrder, line };
    }
  } finally {
    file.close();
  }
}

/** Ranges as of the snapshot, and the positions. */
async function partitionsOf(layout: StorageLayout, { readRanges: ranges }: StorageSnapshot): Promise<MovedPartition[]> {
  if (!exists(layout.positions)) return ranges;
  const readRanges = new ReadRanges(layout, { file: AppendFile.openCopy(layout.positions) });
  try {
    await readRanges.load(Number.MAX_SAFE_INTEGER);
    return readRanges.partitions();
  } finally {
    readRanges.close();
  }
}
