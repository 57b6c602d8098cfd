import process from "node:process";
import { styleText } from "node:util";
import stringWidth from "string-width";
import { shown } from "./escape.ts";

/** What stands between two columns. */
const GAP = "  ";

type Cell = string | number;

/** {@linkcode tableLines} as one text. */
export function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [...tableLines(columns, rows)].join("\n");
}

/** Rows under their column names, numbers to the right; cells are as {@linkcode shown}, the caller colours nothing. */
export function* tableLines(columns: readonly string[], rows: readonly (readonly Cell[])[]): Generator<string> {
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

function textOf(cell: Cell): string {
  return cell === "" ? "" : shown(String(cell));
}
