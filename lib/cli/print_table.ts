import { printLines } from "./print.ts";
import { tableLines } from "./table.ts";

/** Rows that a terminal is shown at most: what is beyond them has pushed their header away long before. */
const SHOWN_ROWS = 1_000;

type Rows = Parameters<typeof tableLines>[1];

/**
 * Prints rows under their column names, until `stop` aborts or nobody reads on: all of them into a file or a pipe, the
 * first thousand on a terminal.
 *
 * @param things What the rows are, as in "users".
 */
export async function printTable(
  columns: readonly string[],
  rows: Rows,
  { things, stop }: { things: string; stop: AbortSignal },
): Promise<void> {
  const limit = Deno.stdout.isTerminal() ? SHOWN_ROWS : Infinity;
  await printLines(firstLines(columns, rows, { things, limit }), stop);
}

/** The table of the first `limit` rows, and how many more there are. */
export function* firstLines(
  columns: readonly string[],
  rows: Rows,
  { things, limit }: { things: string; limit: number },
): Generator<string> {
  yield* tableLines(columns, rows.slice(0, limit));
  if (rows.length <= limit) return;
  yield `… and ${(rows.length - limit).toLocaleString("en-US")} more ${things}; add "| less" to see them all`;
}
