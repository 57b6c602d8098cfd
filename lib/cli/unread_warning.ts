import type { UnreadOffsets } from "../unread_offsets.ts";
import { warn } from "./warn.ts";

/** Tells a person that the group is past offsets that the store has not read, and how to have them read. */
export function warnOfUnread(
  unread: readonly UnreadOffsets[],
  { group, topic }: { group: string; topic: string },
): void {
  if (unread.length === 0) return;
  const gaps = unread.map(({ partition, from, to }) => `partition ${partition} from ${from} to ${to}`);
  const places = unread.map(({ partition, from }) => `${partition}=${from}`);
  warn(
    `Group ${group} is past offsets of ${topic} that this store has not read: ${gaps.join(", ")}. ` +
      `If it was restored from a backup: deno task consume --reset --reset-to ${places.join(",")}`,
  );
}
