import process from "node:process";
import { styleText } from "node:util";
import stringWidth from "string-width";
import { shown } from "./escape.ts";
import { printLines } from "./print.ts";

/** The gap between two columns. */
const GAP = "  ";
/** The most rows shown on a terminal: the header has scrolled away long before. */
const SHOWN_ROWS = 1_000;

type Cell = string | number;
type Rows = readonly (readonly Cell[])[];

/** {@linkcode tableLines} as one text. */
export function table(columns: readonly string[], rows: Rows): string {
  return [...tableLines(columns, rows)].join("\n");
}

/**
 * Rows under their column names, numbers aligned right; cells go through {@linkcode shown}, so the caller must not
 * colour them.
 */
function* tableLines(columns: readonly string[], rows: Rows): Generator<string> {
  const texts = rows.map((row) => row.map(textOf));
  const widths = columns.map((column) => stringWidth(column));
  for (const row of texts) {
    for (const [index, text] of row.entries()) widths[index] = Math.max(widths[index], stringWidth(text));
  }
  const isText = columns.map((_, index) => rows.some((row) => typeof row[index] === "string"));
  const lineOf = (row: readonly string[], style = (text: string) => text) =>
    row.map((text, index) => {
      const room = " ".repeat(widths[index] - stringWidth(text));
      return isText[index] ? style(text) + room : room + style(text);
    }).join(GAP).trimEnd();
  yield lineOf(columns, (column) => styleText("bold", column, { stream: process.stdout }));
  for (const row of texts) yield lineOf(row);
}

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

function textOf(cell: Cell): string {
  return cell === "" ? "" : shown(String(cell));
}
