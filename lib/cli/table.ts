import process from "node:process";
import { styleText } from "node:util";
import Table from "cli-table3";
import { escapeControls } from "./escape.ts";

const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** Rows under their column names as text, numbers to the right; cells are escaped, the caller colours nothing. */
export function table(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const colAligns = columns.map((_, index) => rows.some((row) => typeof row[index] === "string") ? "left" : "right");
  const text = new Table({
    head: columns.map((column) => styleText("bold", column, { stream: process.stdout })),
    chars: NO_LINES,
    colAligns: colAligns as ("left" | "right")[],
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  for (const row of rows) text.push(row.map((cell) => escapeControls(String(cell))));
  return text.toString().split("\n").map((line) => line.trimEnd()).join("\n");
}
