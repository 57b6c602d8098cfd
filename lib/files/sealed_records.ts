import type { AppendFile } from "./append_file.ts";
import { visitLines } from "./lines.ts";
import { unsealLine } from "./sealed_line.ts";

/** Bytes read at a time, at least. */
const STEP = 1 << 20;

/** One line of a journal. */
export interface SealedRecord {
  /** Undefined where the line does not match its checksum. */
  record: Record<string, unknown> | undefined;
  /** Byte it starts at. */
  start: number;
  /** False for a last line without its line feed. */
  whole: boolean;
}

/** The lines of the first `end` bytes of a journal, those of a megabyte at a time. */
export function* sealedRecords(file: AppendFile, end: number): Generator<SealedRecord[]> {
  let step = STEP;
  for (let at = 0; at < end;) {
    const to = Math.min(at + step, end);
    const records: SealedRecord[] = [];
    let next = at;
    // A step may end inside a line: that line is left for the next step, which is a larger one where none was whole.
    visitLines((...range) => file.read(...range), at, to, (line, start, whole) => {
      if (!whole && to < end) return false;
      records.push({ record: whole ? unsealLine(line) : undefined, start, whole });
      next = start + line.length + 1;
    });
    yield records;
    step = next === at ? step * 2 : STEP;
    at = next;
  }
}
