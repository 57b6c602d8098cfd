import assert from "node:assert/strict";
import fc from "fast-check";
import { CsvDocument, type CsvShape } from "../../../lib/files/csv_document.ts";
import { DamagedFile } from "../../../lib/files/damaged_file.ts";
import { nameKey } from "../../../lib/order.ts";

const USERS: CsvShape = { file: "storage/users.csv", required: ["user", "status"] };
const STOCK: CsvShape = { file: "storage/inventory.csv", required: ["item", "quantity"], optional: ["as_of"] };

const bytes = (text: string) => new TextEncoder().encode(text);
const cells = (document: CsvDocument) =>
  [...document.rows].map((row) => [row.get("item"), row.get("quantity"), row.get("as_of")]);

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "\0", " ", "\ufeff", "=", "a", "e\u0301"), maxLength: 6 }),
);
const anyKeys = fc.uniqueArray(anyText.filter((key) => key !== ""), { selector: nameKey, minLength: 1, maxLength: 8 });

Deno.test("CsvDocument gives back any rows appended to it", () => {
  const anyRows = anyKeys.chain((keys) =>
    fc.tuple(...keys.map((key) => fc.tuple(fc.constant(key), anyText, fc.option(anyText, { nil: undefined }))))
  );
  fc.assert(fc.property(anyRows, (rows) => {
    const document = CsvDocument.empty(STOCK);
    for (const [item, quantity, as_of] of rows) {
      document.append(as_of === undefined ? { item, quantity } : { item, quantity, as_of });
    }
    assert.deepEqual(cells(CsvDocument.parse(document.toBytes(), STOCK)), rows);
    assert.deepEqual(cells(document), rows);
  }));
});

/** A cell as some editor may have written it: quoted where it must be, and where it need not. */
function asWritten(value: string, quoted: boolean): string {
  return quoted || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** The pieces of a file: joined they are its text, and piece `at[i]` is the status of row i. */
const anyFile = fc.record({
  bom: fc.constantFrom("", "\ufeff"),
  ending: fc.constantFrom("\n", "\r\n", "\r"),
  keys: anyKeys,
  styles: fc.infiniteStream(fc.record({
    status: anyText,
    quoted: fc.boolean(),
    ending: fc.constantFrom("", "\n", "\r\n", "\n\n"),
  })),
  final: fc.boolean(),
}).map(({ bom, ending, keys, styles, final }) => {
  const pieces = [`${bom}user,x,status${ending}`];
  const rows = keys.map((key, index) => {
    const style = styles.next().value!;
    const lineEnd = index === keys.length - 1 && !final ? "" : style.ending || ending;
    pieces.push(`${asWritten(key, style.quoted)},,`, asWritten(style.status, style.quoted), lineEnd);
    return { key, status: style.status, piece: pieces.length - 2 };
  });
  return { pieces, rows };
});

Deno.test("CsvDocument.set() leaves every other byte of any file identical", () => {
  fc.assert(fc.property(anyFile, fc.nat(), anyText, ({ pieces, rows }, choice, value) => {
    const { key, status, piece } = rows[choice % rows.length]!;
    const document = CsvDocument.parse(bytes(pieces.join("")), USERS);
    assert.deepEqual(document.toBytes(), bytes(pieces.join("")));
    document.set(key, "status", value);
    const expected = value === status ? pieces[piece]! : asWritten(value, pieces[piece]!.startsWith('"'));
    assert.deepEqual(document.toBytes(), bytes(pieces.with(piece, expected).join("")));
    assert.equal(CsvDocument.parse(document.toBytes(), USERS).row(key)?.get("status"), value);
  }));
});

Deno.test("CsvDocument.parse() takes any bytes as they are or refuses them as damaged", () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "\0", "a", "\u00e9", "\ufeff"), maxLength: 30 }).map(bytes),
  );
  fc.assert(
    fc.property(anyBytes, fc.boolean(), (tail, headed) => {
      const file = headed ? new Uint8Array([...bytes("user,status\n"), ...tail]) : tail;
      try {
        assert.deepEqual(CsvDocument.parse(file, { ...USERS, optional: ["a", ""] }).toBytes(), file);
      } catch (error) {
        if (!(error instanceof DamagedFile)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});
