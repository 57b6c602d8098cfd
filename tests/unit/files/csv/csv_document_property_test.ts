import assert from "node:assert/strict";
import fc from "fast-check";
import { CsvDocument, type CsvShape } from "../../../../lib/files/csv/csv_document.ts";
import { DamagedFile } from "../../../../lib/files/csv/damaged_file.ts";
import { anyKeys, anyText, asWritten, handMadeFile } from "../../../support/hand_made_csv.ts";

const USERS: CsvShape = { file: "storage/users.csv", required: ["user", "status"] };
const STOCK: CsvShape = { file: "storage/inventory.csv", required: ["item", "quantity"], optional: ["as_of"] };

const bytes = (text: string) => new TextEncoder().encode(text);
const cells = (document: CsvDocument) =>
  [...document.rows].map((row) => [row.get("item"), row.get("quantity"), row.get("as_of")]);
const anyFile = handMadeFile(["user", "x", "status"], [anyText, anyText]);
/** Where the status stands among the pieces of a row; of those there are seven. */
const STATUS = 4;
const ROW = 7;

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

Deno.test("CsvDocument.set() leaves every other byte of any file identical", () => {
  fc.assert(fc.property(anyFile, fc.nat(), anyText, ({ pieces, rows }, choice, value) => {
    const { values: [key, , status], piece } = rows[choice % rows.length];
    const document = CsvDocument.parse(bytes(pieces.join("")), USERS);
    assert.deepEqual(document.toBytes(), bytes(pieces.join("")));
    document.set(key, "status", value);
    const was = pieces[piece + STATUS];
    const expected = value === status ? was : asWritten(value, was.startsWith('"'));
    assert.deepEqual(document.toBytes(), bytes(pieces.with(piece + STATUS, expected).join("")));
    assert.equal(CsvDocument.parse(document.toBytes(), USERS).row(key)?.get("status"), value);
  }));
});

Deno.test("CsvDocument.append() and remove() leave every other byte of any file identical", () => {
  fc.assert(fc.property(anyFile, fc.nat(), ({ pieces, rows, ending }, choice) => {
    const document = CsvDocument.parse(bytes(pieces.join("")), USERS);
    const user = `${rows.map(({ values: [key] }) => key).join("")}+`;
    document.append({ user, status: "paid" });
    const expected = pieces.with(-2, pieces.at(-2) || ending);
    expected.splice(-1, 0, `${asWritten(user, false)},,paid${ending}`);
    assert.deepEqual(document.toBytes(), bytes(expected.join("")));
    const { values: [key], piece } = rows[choice % rows.length];
    document.remove((row) => row.key === key);
    // The blank rows behind it stay.
    expected.splice(piece, ROW - 1);
    assert.deepEqual(document.toBytes(), bytes(expected.join("")));
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
