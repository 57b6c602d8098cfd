import { quoted } from "../../blank_edge.ts";
import { nameKey } from "../../order.ts";
import { CsvLine, readCsv } from "./csv_line.ts";
import { DamagedFile } from "./damaged_file.ts";

/** The most columns a message lists. */
const SHOWN_COLUMNS = 10;

/** What a CSV file must look like. */
export interface CsvShape {
  /** The file's name, for messages only. */
  file: string;
  /** Columns the header must have, in any order, spelled exactly; the first one is the key of a row. */
  required: readonly string[];
  /** Columns that the header may lack and that a row may omit at its end. */
  optional?: readonly string[];
}

/** One row of a {@linkcode CsvDocument}. */
export interface CsvRow {
  /** The cell of the key column, as given. */
  readonly key: string;
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  /** The cell of `column`, any column of the file; undefined if the file or this row does not have it. */
  get(column: string): string | undefined;
  /**
   * Changes one cell, which stays quoted if it was; an equal value changes nothing.
   *
   * An optional column that the file lacks is added to its header and to this row; the others stay short.
   */
  set(column: string, value: string): void;
}

/**
 * A CSV file in memory that people edit too. What an edit does not touch keeps its bytes: row order, quoting, line
 * endings, blank rows, unknown columns, the byte order mark, a missing final line ending.
 *
 * Cells and column names are taken exactly, spaces included; only keys are compared in Unicode NFC.
 */
export class CsvDocument {
  readonly #shape: CsvShape;
  readonly #bom: string;
  /**
   * Every line up to the last row, including header and blank lines; together with the blank lines after it they are
   * the file.
   */
  #lines: CsvLine[];
  /** Blank lines after the last row. */
  readonly #trailing: CsvLine[];
  readonly #header: CsvLine;
  /** Index of each column of the header. */
  readonly #columns = new Map<string, number>();
  /** In file order, under {@linkcode nameKey}; a Map, so that `__proto__` is a name like any other. */
  readonly #rows = new Map<string, CsvLine>();
  /** The fewest cells a row must have: all but the optional ones at the end. */
  readonly #fewest: number;

  private constructor(bom: string, lines: CsvLine[], shape: CsvShape) {
    this.#shape = shape;
    this.#bom = bom;
    const header = lines.findIndex((line) => !line.blank);
    this.#header = lines[header] ?? this.#damaged(1, `lacks the header ${shape.required.join(",")}`);
    this.#readHeader();
    this.#fewest = this.#header.values.findLastIndex((column) => !shape.optional?.includes(column)) + 1;
    let end = header + 1;
    for (let index = end; index < lines.length; index++) {
      if (lines[index].blank) continue;
      this.#readRow(lines[index]);
      end = index + 1;
    }
    this.#trailing = lines.splice(end);
    this.#lines = lines;
  }

  /**
   * Reads a file.
   *
   * @throws {DamagedFile} if it is not UTF-8 or not CSV, if the header lacks or repeats a column of `shape`, or if a row
   * has too many or too few cells, no key, or the key of an earlier row.
   */
  static parse(bytes: Uint8Array, shape: CsvShape): CsvDocument {
    const { bom, lines } = readCsv(bytes, shape.file);
    return new CsvDocument(bom, lines, shape);
  }

  /** A new file: a header of the required columns. An optional one is added when it is first set. */
  static empty(shape: CsvShape): CsvDocument {
    const header = new CsvLine(1, "\n");
    for (const [index, column] of shape.required.entries()) header.set(index, column);
    return new CsvDocument("", [header], shape);
  }

  /** The rows in file order. */
  get rows(): IteratorObject<CsvRow> {
    return this.#rows.values().map((line) => this.#asRow(line));
  }

  /** The number of rows. */
  get size(): number {
    return this.#rows.size;
  }

  /** The row whose key is the same name as `key`, if there is one. */
  row(key: string): CsvRow | undefined {
    const line = this.#rows.get(nameKey(key));
    return line && this.#asRow(line);
  }

  /** Changes one cell of the row of `key`, as {@linkcode CsvRow.set} does. */
  set(key: string, column: string, value: string): void {
    const row = this.row(key);
    if (row === undefined) throw new RangeError(`Cannot set "${column}": no row "${key}"`);
    row.set(column, value);
  }

  /** Adds a row with a new key after the last row, in the file's own line ending. Cells not in `values` are empty. */
  append(values: Readonly<Record<string, string>>): void {
    const key = values[this.#keyColumn] ?? "";
    if (key === "") throw new RangeError(`Cannot append a row without "${this.#keyColumn}"`);
    if (this.row(key) !== undefined) throw new RangeError(`Cannot append "${key}": it has a row already`);
    const last = this.#lines.at(-1)!;
    const ending = this.#header.ending || "\n";
    const line = new CsvLine(last.number + last.height, ending);
    for (const [column, value] of Object.entries(values)) line.set(this.#indexFor(column), value);
    line.pad(this.#fewest);
    last.ending ||= ending;
    this.#lines.push(line);
    this.#rows.set(nameKey(key), line);
  }

  /** Removes the rows selected by `unwanted`, with their lines. */
  remove(unwanted: (row: CsvRow) => boolean): void {
    const removed = new Set<CsvLine>();
    for (const [key, line] of this.#rows) {
      if (!unwanted(this.#asRow(line))) continue;
      this.#rows.delete(key);
      removed.add(line);
    }
    if (removed.size > 0) this.#lines = this.#lines.filter((line) => !removed.has(line));
  }

  /** The contents to write. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new TextEncoder().encode(this.#bom + [...this.#lines, ...this.#trailing].map((line) => line.text).join(""));
  }

  /**
   * What stays of the file when only the cells of `columns` change: the text before those of the first row, between
   * those of one row and the next, and after those of the last. Undefined where these columns are not side by side, in
   * this order, or where a row has them quoted or lacks one.
   */
  around(columns: readonly string[]): string[] | undefined {
    const first = this.#columns.get(columns[0]);
    if (first === undefined || columns.some((column, at) => this.#columns.get(column) !== first + at)) return undefined;
    const rows = new Set(this.#rows.values());
    const texts = [this.#bom];
    for (const line of [...this.#lines, ...this.#trailing]) {
      const around = rows.has(line) ? line.around(first, columns.length) : { before: line.text };
      if (around === undefined) return undefined;
      texts[texts.length - 1] += around.before;
      if ("after" in around) texts.push(around.after);
    }
    return texts;
  }

  get #keyColumn(): string {
    return this.#shape.required[0]!;
  }

  #knows(column: string): boolean {
    return this.#shape.required.includes(column) || this.#shape.optional?.includes(column) === true;
  }

  #asRow(line: CsvLine): CsvRow {
    const columns = this.#columns;
    return {
      key: line.value(columns.get(this.#keyColumn)!)!,
      line: line.number,
      get: (column) => columns.has(column) ? line.value(columns.get(column)!) : undefined,
      set: (column, value) => {
        if (column === this.#keyColumn) throw new RangeError(`Cannot set "${column}": it is the key`);
        line.set(this.#indexFor(column), value);
      },
    };
  }

  #indexFor(column: string): number {
    if (!this.#knows(column)) throw new RangeError(`Cannot set "${column}": ${this.#shape.file} has no such column`);
    const index = this.#columns.get(column);
    if (index !== undefined) return index;
    const added = this.#header.width;
    this.#header.set(added, column);
    this.#columns.set(column, added);
    return added;
  }

  #readHeader(): void {
    const { number, values } = this.#header;
    for (const [index, column] of values.entries()) {
      // Only columns that are read need a unique name: spreadsheets leave several without a name.
      if (this.#columns.has(column) && this.#knows(column)) this.#damaged(number, `has the column "${column}" twice`);
      this.#columns.set(column, index);
    }
    const missing = this.#shape.required.find((column) => !this.#columns.has(column));
    if (missing !== undefined) this.#damaged(number, `lacks the column "${missing}", it has ${listed(values)}`);
  }

  #readRow(line: CsvLine): void {
    const { number, width } = line;
    const most = this.#header.width;
    if (width < this.#fewest || width > most) {
      const columns = width === 1 ? "1 column" : `${width} columns`;
      const expected = this.#fewest === most ? most : `${this.#fewest} to ${most}`;
      this.#damaged(number, `has ${columns}, expected ${expected}`);
    }
    const key = line.value(this.#columns.get(this.#keyColumn)!)!;
    if (key === "") this.#damaged(number, `has an empty "${this.#keyColumn}"`);
    const earlier = this.#rows.get(nameKey(key));
    if (earlier !== undefined) this.#damaged(number, `repeats ${quoted(key)} of line ${earlier.number}`);
    this.#rows.set(nameKey(key), line);
  }

  #damaged(line: number, problem: string): never {
    throw new DamagedFile({ file: this.#shape.file, line }, problem);
  }
}

function listed(columns: readonly string[]): string {
  const rest = columns.length - SHOWN_COLUMNS;
  const shown = columns.slice(0, SHOWN_COLUMNS).map(quoted).join(", ");
  return rest <= 0 ? shown : `${shown} and ${rest} more`;
}
