import { Buffer, isUtf8 } from "node:buffer";
import { CsvError, parse } from "csv-parse/sync";
import { DamagedFile } from "./damaged_file.ts";

const BOM = "\ufeff";
const LINE_BREAK = /\r\n|\n|\r/;
const NEEDS_QUOTES = /[",\r\n]/;
const STRAY_QUOTE = "has a stray quote";

/** One record of a CSV file with its line ending. */
export class CsvLine {
  /** Line of the file it begins on, from 1. */
  readonly number: number;
  /** Its cells as written; values are made only when asked for, so that a million rows take little memory. */
  readonly #cells: string[];
  ending: string;

  constructor(number: number, ending: string, cells: string[] = []) {
    this.number = number;
    this.#cells = cells;
    this.ending = ending;
  }

  /** Whether it is blank: an empty line, or only the commas that a spreadsheet leaves of an empty row. */
  get blank(): boolean {
    return this.#cells.every((cell) => valueOf(cell) === "");
  }

  /** How many cells it has. */
  get width(): number {
    return this.#cells.length;
  }

  /** Its cells as values, without quotes. */
  get values(): string[] {
    return this.#cells.map(valueOf);
  }

  /** The record as it is written. */
  get text(): string {
    return this.#cells.join(",") + this.ending;
  }

  /** How many lines of the file it takes; more than one where a cell has line breaks. */
  get height(): number {
    return this.#cells.reduce((height, cell) => height + (isQuoted(cell) ? cell.split(LINE_BREAK).length - 1 : 0), 1);
  }

  /** One cell as a value, undefined after the last. */
  value(index: number): string | undefined {
    const cell = this.#cells[index];
    return cell === undefined ? undefined : valueOf(cell);
  }

  /** The text before and after `count` cells from `index` on; undefined if one of them is quoted or missing. */
  around(index: number, count: number): { before: string; after: string } | undefined {
    const cells = this.#cells;
    for (let at = index; at < index + count; at++) if (cells[at] === undefined || isQuoted(cells[at])) return undefined;
    let before = "";
    for (let at = 0; at < index; at++) before += `${cells[at]},`;
    let after = "";
    for (let at = index + count; at < cells.length; at++) after += `,${cells[at]}`;
    return { before, after: after + this.ending };
  }

  /** Adds empty cells until there are `count`. */
  pad(count: number): void {
    while (this.#cells.length < count) this.#cells.push("");
  }

  /** Changes one cell, which stays quoted if it was. */
  set(index: number, value: string): void {
    if (this.value(index) === value) return;
    if (!value.isWellFormed()) throw new RangeError(`Cannot write ${JSON.stringify(value)}: it has no UTF-8 form`);
    this.pad(index);
    this.#cells[index] = isQuoted(this.#cells[index]) || NEEDS_QUOTES.test(value) ? quote(value) : value;
  }
}

/**
 * The lines of a CSV file and its byte order mark, if it has one: together they are the file again.
 *
 * @throws {DamagedFile} if it is not UTF-8 or a quote is where RFC 4180 does not allow it.
 */
export function readCsv(bytes: Uint8Array, file: string): { bom: string; lines: CsvLine[] } {
  const text = decode(bytes, file);
  const bom = text.startsWith(BOM) ? BOM : "";
  const cutter = new Cutter(text.slice(bom.length), file);
  return { bom, lines: cutter.cut() };
}

function decode(bytes: Uint8Array, file: string): string {
  if (isUtf8(bytes)) return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  // Latin-1 maps each byte to one character and back, and no byte of a longer UTF-8 sequence looks like a line break.
  const lines = Buffer.from(bytes).toString("latin1").split(LINE_BREAK);
  const index = lines.findIndex((line) => !isUtf8(Buffer.from(line, "latin1")));
  throw new DamagedFile({ file, line: index + 1 }, "is not UTF-8");
}

/**
 * Cuts a text into records where csv-parse finds them. csv-parse reports only values; how they were written is derived
 * from these.
 */
class Cutter {
  readonly #text: string;
  readonly #file: string;
  readonly #lines: CsvLine[] = [];
  /** Where in `#text` the next record begins, and on which line. */
  #at = 0;
  #number = 1;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  cut(): CsvLine[] {
    try {
      parse(this.#text, {
        // All three: a file edited on two systems mixes them, and csv-parse would otherwise settle on the first one it
        // meets.
        record_delimiter: ["\r\n", "\n", "\r"],
        // Blank lines must arrive as records, to be kept; and csv-parse cannot know which rows may be short.
        relax_column_count: true,
        on_record: (values) => this.#keep(values),
      });
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      const problem = error.code === "CSV_QUOTE_NOT_CLOSED" ? "has a quote that is never closed" : STRAY_QUOTE;
      throw this.#damaged(problem, error);
    }
    return this.#lines;
  }

  #keep(values: string[]): null {
    const cells = values.map((value) => this.#takeCell(value));
    // The last cell counted one character too many, for a comma it does not have.
    this.#at--;
    const ending = this.#text.startsWith("\r\n", this.#at) ? "\r\n" : this.#text.charAt(this.#at);
    const line = new CsvLine(this.#number, ending, cells);
    this.#at += ending.length;
    this.#number += line.height;
    this.#lines.push(line);
    return null;
  }

  #takeCell(value: string): string {
    const cell = this.#text[this.#at] === '"' ? quote(value) : value;
    // csv-parse allows a NUL after a closing quote; such a cell could not be written back unchanged.
    if (!this.#text.startsWith(cell, this.#at)) throw this.#damaged(STRAY_QUOTE);
    this.#at += cell.length + 1;
    return cell;
  }

  /**
   * Names the record's first line: csv-parse names the one where it gave up, which for an open quote is the file's
   * last.
   */
  #damaged(problem: string, cause?: Error): DamagedFile {
    return new DamagedFile({ file: this.#file, line: this.#number }, problem, { cause });
  }
}

function isQuoted(cell: string | undefined): boolean {
  return cell?.startsWith('"') === true;
}

function valueOf(cell: string): string {
  return isQuoted(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

function quote(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}
