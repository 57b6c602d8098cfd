/**
 * The mark that a redriven rejected order or dead letter carries: the run, and which record of the slice it is (the
 * order_id, or the offset of the dead letter). A resumed run finds in the topic by these marks what it has already
 * sent.
 */
export function runMark(run: string, record: string): string {
  return `${run} ${record}`;
}

/** The record that a mark names, if the mark is one of this run's. */
export function markedRecord(run: string, mark: string): string | undefined {
  return mark.startsWith(`${run} `) ? mark.slice(run.length + 1) : undefined;
}
