/**
 * What a rejected order or a dead letter that is sent again carries: the run, and which record of its slice it is (the
 * order_id, or the offset among the dead letters). A resumed run finds in the topic by it what it has sent already.
 */
export function runMark(run: string, record: string): string {
  return `${run} ${record}`;
}

/** The record that a mark names, where it is one of this run. */
export function markedRecord(run: string, mark: string): string | undefined {
  return mark.startsWith(`${run} `) ? mark.slice(run.length + 1) : undefined;
}
