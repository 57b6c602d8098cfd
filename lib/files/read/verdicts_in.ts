import type { KnownVerdicts } from "../../offset_changes.ts";
import type { OffsetRange } from "../../offset_ranges.ts";
import { OffsetSet } from "../../offset_set.ts";
import type { Coordinates } from "../../order.ts";
import { type BeginProgress, unwatched } from "../../progress.ts";
import { storageLayout } from "../disk/layout.ts";
import { viewStorage } from "../store/view_storage.ts";
import { forEachOrder, forEachRecord } from "./for_each_record.ts";

/**
 * What a storage folder knows about the records in one range of each partition of `topic`. Reads the order log and the
 * rejected orders once, as they were when it began; memory grows by two bits per offset of the ranges.
 *
 * Throws a `Failure`: 78 missing files, 65 damage, 74 disk. Permissions: read and write of the folder.
 */
export async function verdictsIn(
  folder: string,
  { topic, ranges, warn, begin = unwatched }: {
    topic: string;
    ranges: ReadonlyMap<number, OffsetRange>;
    warn: (sentence: string) => void;
    begin?: BeginProgress;
  },
): Promise<Map<number, KnownVerdicts>> {
  const { orders, rejected } = storageLayout(folder);
  const { lengths, readRanges } = await viewStorage(folder, warn);
  const found = new Map([...ranges].map(([partition]) => [partition, new Verdicts()]));
  const note = (as: (verdicts: Verdicts, offset: number) => void) => (at: Coordinates) => {
    const range = at.topic === topic ? ranges.get(at.partition) : undefined;
    if (range !== undefined && at.offset >= range.from && at.offset < range.to) as(found.get(at.partition)!, at.offset);
  };
  const reading = (what: string) => begin(what, "bytes");
  await forEachOrder(
    { path: orders, length: lengths.orders, progress: reading("Looking through the accepted orders") },
    note(({ accepted }, offset) => accepted.add(offset)),
  );
  await forEachRecord(
    { path: rejected, length: lengths.rejected, progress: reading("Looking through the rejected orders") },
    note((verdicts, offset) => verdicts.reject(offset)),
  );
  return new Map([...ranges].map(([partition, range]) => {
    const { accepted, rejected } = found.get(partition)!;
    const read = readRanges.find((at) => at.topic === topic && at.partition === partition)?.ranges ?? [];
    return [partition, { accepted: accepted.size, rejected: rejected.size, read: offsetsIn(read, range) }];
  }));
}

class Verdicts {
  readonly accepted = new OffsetSet();
  readonly rejected = new OffsetSet();

  /** After the accepted ones are known. */
  reject(offset: number): void {
    if (!this.accepted.has(offset)) this.rejected.add(offset);
  }
}

function offsetsIn(ranges: readonly OffsetRange[], within: OffsetRange): number {
  const sizes = ranges.map(({ from, to }) => Math.min(to, within.to) - Math.max(from, within.from));
  return sizes.reduce((sum, size) => sum + Math.max(0, size), 0);
}
