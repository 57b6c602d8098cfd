import { OffsetSet } from "../../offset_set.ts";
import type { Coordinates } from "../../order.ts";
import type { BeginProgress } from "../../progress.ts";
import type {
  AcceptedOrder,
  ContentsOptions,
  MovedPartition,
  RejectedOrder,
  StoreContents,
} from "../../store_admin.ts";
import { AppendFile } from "../disk/append_file.ts";
import { exists } from "../disk/exists.ts";
import { type StorageLayout, storageLayout } from "../disk/layout.ts";
import { ReadRanges } from "../log/read_ranges.ts";
import { auditBalance, type StorageSnapshot, takeSnapshot } from "../read/audit.ts";
import { loggedOrders, readUsers } from "../read/read_storage.ts";
import { rejectedLines, type RejectedPart, RejectedPlaces } from "../read/rejected_places.ts";
import type { viewStorage } from "../store/view_storage.ts";

/**
 * All that a storage folder holds, as of one moment. Memory grows by 16 bytes a rejected order.
 *
 * Permissions: read and write of the folder (its write lock), or those of another `view`.
 */
export async function fileContents(
  folder: string,
  { warn, view, ...options }: ContentsOptions & {
    warn(sentence: string): void;
    begin: BeginProgress;
    view?: typeof viewStorage;
  },
): Promise<{ contents: StoreContents; snapshot: StorageSnapshot }> {
  const layout = storageLayout(folder);
  const snapshot = await takeSnapshot(folder, warn, view);
  const accepted = new Places();
  const balance = await auditBalance(snapshot, (place) => accepted.add(place), options);
  const log = { path: layout.orders, end: snapshot.lengths.orders };
  const rejected = { path: layout.rejected, length: snapshot.lengths.rejected };
  const places = new RejectedPlaces(rejected, (place) => accepted.has(place));
  const contents: StoreContents = {
    ...balance,
    users: readUsers(folder),
    partitions: await partitionsOf(layout, snapshot),
    orders: () => acceptedIn(log),
    rejected: () => lastRejected(rejected, places),
    rejectedByOffset: () => places.byOffset(),
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

function* acceptedIn(log: { path: string; end: number }): Generator<AcceptedOrder> {
  for (const { order_id, user, item, quantity, created_at, topic, partition, offset, ...more } of loggedOrders(log)) {
    const { remaining, replay_of, seq } = more;
    yield { order_id, user, item, quantity, created_at, topic, partition, offset, remaining, replay_of, seq };
  }
}

function* lastRejected(rejected: RejectedPart, places: RejectedPlaces): Generator<RejectedOrder> {
  for (const { order, start } of rejectedLines(rejected)) {
    if (order !== undefined && places.isLast(order, start)) yield order;
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
