import fc from "fast-check";
import { nameKey } from "../../lib/order.ts";

/** A cell's value as a person or a spreadsheet may have put it. */
export const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "\0", " ", "\ufeff", "=", "a", "e\u0301"), maxLength: 6 }),
);
export const anyKeys = fc.uniqueArray(anyText.filter((key) => key !== ""), {
  selector: nameKey,
  minLength: 1,
  maxLength: 8,
});

/** A cell as some editor may have written it: quoted where it must be, and where it need not. */
export function asWritten(value: string, quoted: boolean): string {
  return quoted || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Rows that say nothing. None begins with a bare line feed, which would belong to a carriage return before it. */
const anyBlankRows = fc.array(fc.constantFrom("\r\n", ",\n\n", ",,\r\n", ",,,,\r", '"","",""\n'), { maxLength: 2 })
  .map((rows) => rows.join(""));

/** A file as people make them: the mark, quotes, line endings and blank rows of any editor. */
export interface HandMadeFile {
  /** Joined they are its text. The last two are the line ending of the last row and the blank rows behind it. */
  pieces: string[];
  /** The cells of each row as values, and which piece the first of them is; commas stand between them. */
  rows: { values: string[]; piece: number }[];
  /** The line ending of the header. */
  ending: string;
}

/** Files with this header whose rows have the cells `others` behind their key. */
export function handMadeFile(
  header: readonly string[],
  others: readonly fc.Arbitrary<string>[],
): fc.Arbitrary<HandMadeFile> {
  const anyStyle = fc.record({
    others: fc.tuple(...others),
    quoted: fc.infiniteStream(fc.boolean()),
    ending: fc.constantFrom("", "\n", "\r\n"),
    blanks: anyBlankRows,
  });
  return fc.record({
    bom: fc.constantFrom("", "\ufeff"),
    ending: fc.constantFrom("\n", "\r\n", "\r"),
    keys: anyKeys,
    styles: fc.infiniteStream(anyStyle),
    first: anyBlankRows,
    final: fc.boolean(),
  }).map(({ bom, ending, keys, styles, first, final }) => {
    const pieces = [`${bom}${first}${header.join(",")}`, ending];
    const rows = keys.map((key, index) => {
      const style = styles.next().value!;
      const values = [key, ...style.others];
      const piece = pieces.length;
      for (const value of values) pieces.push(asWritten(value, style.quoted.next().value!), ",");
      const isOpen = index === keys.length - 1 && !final;
      pieces.splice(-1, 1, ...(isOpen ? ["", ""] : [style.ending || ending, style.blanks]));
      return { values, piece };
    });
    return { pieces, rows, ending };
  });
}
