import { Buffer, isUtf8 } from "node:buffer";
import { CsvError, parse } from "csv-parse/sync";
import { DamagedFile } from "./damaged_file.ts";

const BOM = "\ufeff";
const LINE_BREAK = /\r\n|\n|\r/;
const NEEDS_QUOTES = /[",\r\n]/;
const STRAY_QUOTE = "has a stray quote";

/** One record of a CSV file with its line ending; a blank line is a record of one empty cell. */
export class CsvLine {
  /** Line of the file it begins on, from 1. */
  readonly number: number;
  /** Its cells as values, without quotes. */
  readonly values: string[];
  /** Its cells as they are written. */
  readonly #cells: string[];
  ending: string;

  constructor(
    number: number,
    ending: string,
    cells: { values: string[]; written: string[] } = { values: [], written: [] },
  ) {
    this.number = number;
    this.values = cells.values;
    this.#cells = cells.written;
    this.ending = ending;
  }

  get blank(): boolean {
    return this.#cells.length === 1 && this.#cells[0] === "";
  }

  /** The record as it is written. */
  get text(): string {
    return this.#cells.join(",") + this.ending;
  }

  /** How many lines of the file it takes; more than one where a cell has line breaks. */
  get height(): number {
    return this.#cells.reduce((height, cell) => height + (isQuoted(cell) ? cell.split(LINE_BREAK).length - 1 : 0), 1);
  }

  /** Adds empty cells until there are `count`. */
  pad(count: number): void {
    for (let i = this.values.length; i < count; i++) this.values[i] = this.#cells[i] = "";
  }

  /** Changes one cell, which stays quoted if it was. */
  set(index: number, value: string): void {
    if (this.values[index] === value) return;
    if (!value.isWellFormed()) throw new RangeError(`Cannot write ${JSON.stringify(value)}: it has no UTF-8 form`);
    this.pad(index);
    this.values[index] = value;
    this.#cells[index] = isQuoted(this.#cells[index]) || NEEDS_QUOTES.test(value) ? quote(value) : value;
  }
}

/**
 * The lines of a CSV file and its byte order mark, if it has one: together they are the file again.
 *
 * @throws {DamagedFile} if it is not UTF-8 or a quote is not where RFC 4180 has it.
 */
export function readCsv(bytes: Uint8Array, file: string): { bom: string; lines: CsvLine[] } {
  const text = decode(bytes, file);
  const bom = text.startsWith(BOM) ? BOM : "";
  const cutter = new Cutter(text.slice(bom.length), file);
  return { bom, lines: cutter.cut() };
}

function decode(bytes: Uint8Array, file: string): string {
  if (isUtf8(bytes)) return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  // Latin-1 maps each byte to one character and back, and no part of a longer UTF-8 sequence looks like a line break.
  const lines = Buffer.from(bytes).toString("latin1").split(LINE_BREAK);
  const index = lines.findIndex((line) => !isUtf8(Buffer.from(line, "latin1")));
  throw new DamagedFile({ file, line: index + 1 }, "is not UTF-8");
}

/** Cuts a text into records where csv-parse sees them. It only reports values; how they were written follows from them. */
class Cutter {
  readonly #text: string;
  readonly #file: string;
  readonly #lines: CsvLine[] = [];
  /** Where the next record begins in `#text`, and on which line. */
  #at = 0;
  #number = 1;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  cut(): CsvLine[] {
    try {
      parse(this.#text, {
        // All three at once: a file edited on two systems mixes them, and csv-parse would settle on the first it meets.
        record_delimiter: ["\r\n", "\n", "\r"],
        // A blank line must arrive as a record, to be kept; and which rows may be short is not for csv-parse to say.
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
    const written = values.map((value) => this.#takeCell(value));
    // The last cell took one character too many for its comma.
    this.#at--;
    const ending = this.#text.startsWith("\r\n", this.#at) ? "\r\n" : this.#text.charAt(this.#at);
    const line = new CsvLine(this.#number, ending, { values, written });
    this.#at += ending.length;
    this.#number += line.height;
    this.#lines.push(line);
    return null;
  }

  #takeCell(value: string): string {
    const cell = this.#text[this.#at] === '"' ? quote(value) : value;
    // csv-parse lets a NUL follow a closing quote; such a cell could not be written back as it was.
    if (!this.#text.startsWith(cell, this.#at)) throw this.#damaged(STRAY_QUOTE);
    this.#at += cell.length + 1;
    return cell;
  }

  /** The record's first line is named: csv-parse names the one it gave up on, for an open quote the file's last. */
  #damaged(problem: string, cause?: Error): DamagedFile {
    return new DamagedFile({ file: this.#file, line: this.#number }, problem, { cause });
  }
}

function isQuoted(cell: string | undefined): boolean {
  return cell?.startsWith('"') === true;
}

function quote(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}
