import type { TopicRecord, TopicRecords } from "../../lib/ports.ts";

/** Records of a topic that are objects already. */
export function recordsOf(given: readonly TopicRecord[]): TopicRecords {
  return Object.assign([...given], {
    timestamp: given.map(({ timestamp }) => timestamp),
    hasHeaders: (row: number) => given[row].headers.length > 0,
  });
}
