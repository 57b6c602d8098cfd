import assert from "node:assert/strict";
import { EXIT } from "../../../../lib/errors.ts";
import { CsvDocument, type CsvShape } from "../../../../lib/files/csv/csv_document.ts";
import { DamagedFile } from "../../../../lib/files/csv/damaged_file.ts";

const USERS: CsvShape = { file: "storage/users.csv", required: ["user", "status"] };
const STOCK: CsvShape = { file: "storage/inventory.csv", required: ["item", "quantity"], optional: ["as_of"] };

const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (text: string, shape = STOCK) => CsvDocument.parse(bytes(text), shape);
const textOf = (document: CsvDocument) =>
  new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(document.toBytes());
const cells = (document: CsvDocument, shape = STOCK) =>
  [...document.rows].map((row) => [...shape.required, ...shape.optional ?? []].map((column) => row.get(column)));

/** Every habit of an editor or a spreadsheet that a file may show, in one file. */
const STYLED =
  '\ufeff\r\n"quantity",item,note,as_of\r\n10,"a ""b"", c",x,4\n\n"3",bo\u0301ok,"two\r\nlines"\r5,last,,9\r\n\n\r\n';

Deno.test("CsvDocument.parse() finds rows by column name, with the line each begins on", () => {
  const document = parse(STYLED);
  assert.deepEqual(cells(document), [['a "b", c', "10", "4"], ["bo\u0301ok", "3", undefined], ["last", "5", "9"]]);
  assert.deepEqual([...document.rows].map((row) => row.line), [3, 5, 7]);
  assert.equal(document.row("last")?.get("note"), "");
  assert.equal(document.row("last")?.get("colour"), undefined);
});

Deno.test("CsvDocument.parse() accepts a header without rows, with and without a line ending", () => {
  for (const text of ["user,status", "user,status\n", "status,user\r\n\r\n"]) {
    assert.deepEqual([...parse(text, USERS).rows], []);
    assert.equal(textOf(parse(text, USERS)), text);
  }
});

Deno.test("CsvDocument.parse() takes columns without a name more than once", () => {
  assert.deepEqual(cells(parse("user,status,,\nalice,paid,,\n", USERS), USERS), [["alice", "paid"]]);
});

Deno.test("CsvDocument.row() compares names as NFC and keeps their bytes", () => {
  assert.equal(parse(STYLED).row("b\u00f3ok")?.key, "bo\u0301ok");
  assert.equal(parse(STYLED).row("BOOK"), undefined);
});

Deno.test("CsvDocument takes __proto__, constructor and ../x as ordinary names", () => {
  const document = CsvDocument.empty(USERS);
  for (const user of ["__proto__", "constructor", "../x"]) {
    assert.equal(document.row(user), undefined);
    document.append({ user, status: "paid" });
    document.set(user, "status", "unpaid");
  }
  assert.equal(textOf(document), "user,status\n__proto__,unpaid\nconstructor,unpaid\n../x,unpaid\n");
});

Deno.test("CsvDocument.parse() skips rows without a word in them wherever they stand, and keeps them to the byte", () => {
  const text = ',,\nitem,quantity\n,\r\npen,5\n,,,,\n"",""\n\nbook,1\n,\n,,';
  const document = parse(text);
  assert.deepEqual(cells(document), [["pen", "5", undefined], ["book", "1", undefined]]);
  assert.deepEqual([...document.rows].map((row) => row.line), [4, 8]);
  assert.equal(textOf(document), text);
  document.set("pen", "as_of", "7");
  document.append({ item: "cup", quantity: "2" });
  const edited = text.replace("quantity", "quantity,as_of").replace("pen,5", "pen,5,7").replace(
    "book,1\n",
    "$&cup,2\n",
  );
  assert.equal(textOf(document), edited);
});

Deno.test("CsvDocument.remove() takes the lines of its rows out and leaves the others", () => {
  const document = parse("item,quantity\npen,5\n,\nbook,1\ncup,2\n\n");
  document.remove(({ key }) => key !== "book");
  assert.equal(textOf(document), "item,quantity\n,\nbook,1\n\n");
  document.append({ item: "pen", quantity: "3" });
  assert.equal(textOf(document), "item,quantity\n,\nbook,1\npen,3\n\n");
});

Deno.test("CsvDocument.parse() shows a long value or header in part", () => {
  const columns = Array.from({ length: 5_000 }, (_, index) => `${index}`.repeat(1_000)).join(",");
  assert.throws(() => parse(columns, USERS), ({ message }: Error) => {
    assert.match(message, /and 4990 more$/);
    return message.length < 4_000;
  });
});

const DAMAGED: [name: string, shape: CsvShape, text: string, problem: string][] = [
  ["an empty file", USERS, "", "line 1 lacks the header user,status"],
  ["commas alone", USERS, ",,\n,\n", "line 1 lacks the header user,status"],
  ["a byte order mark alone", USERS, "\ufeff", "line 1 lacks the header user,status"],
  ["blank lines alone", USERS, "\n\r\n", "line 1 lacks the header user,status"],
  ["a missing header", USERS, "alice,paid\n", 'line 1 lacks the column "user", it has "alice", "paid"'],
  ["a missing column", USERS, "\nuser\nalice\n", 'line 2 lacks the column "status", it has "user"'],
  ["a column in another case", USERS, "user,Status\n", 'line 1 lacks the column "status", it has "user", "Status"'],
  ["a column with a space", USERS, "user, status\n", 'line 1 lacks the column "status", it has "user", " status"'],
  ["a repeated column", USERS, "user,status,user\n", 'line 1 has the column "user" twice'],
  ["a repeated optional column", STOCK, "item,quantity,as_of,as_of\n", 'line 1 has the column "as_of" twice'],
  ["too few columns", USERS, "user,status\nalice,paid\nbob\n", "line 3 has 1 column, expected 2"],
  ["too many columns", USERS, "user,status\n\nalice,paid,\n", "line 3 has 3 columns, expected 2"],
  ["a short row", STOCK, "item,quantity,as_of\npen\n", "line 2 has 1 column, expected 2 to 3"],
  ["a short row before a needed column", STOCK, "item,as_of,quantity\npen,1\n", "line 2 has 2 columns, expected 3"],
  [
    "an unclosed quote",
    USERS,
    'user,status\n"a\r\nb",paid\n"bob,paid\ncarol,paid\n',
    "line 4 has a quote that is never closed",
  ],
  ["text after a closing quote", USERS, 'user,status\n"bob"x,paid\n', "line 2 has a stray quote"],
  ["a NUL after a closing quote", USERS, 'user,status\n"bob"\0,paid\n', "line 2 has a stray quote"],
  ["a quote within a plain cell", USERS, 'user,status\nb"ob",paid\n', "line 2 has a stray quote"],
  ["an empty key", USERS, 'user,status\n"",paid\n', 'line 2 has an empty "user"'],
  ["an empty key among commas", STOCK, "item,quantity,as_of\n,,4\n", 'line 2 has an empty "item"'],
  ["a repeated key", USERS, "user,status\nbob,paid\nal,paid\nbob,paid\n", 'line 4 repeats "bob" of line 2'],
  ["a key repeated in NFD", USERS, "user,status\n\u00e9,paid\ne\u0301,paid\n", 'line 3 repeats "e\u0301" of line 2'],
];

for (const [name, shape, text, problem] of DAMAGED) {
  Deno.test(`CsvDocument.parse() refuses ${name}`, () => {
    assert.throws(() => parse(text, shape), (error) => {
      assert(error instanceof DamagedFile);
      assert.equal(error.message, `Cannot read ${shape.file}: ${problem}`);
      assert.equal(error.exit, EXIT.data);
      assert.equal(error.file, shape.file);
      assert.equal(error.line, Number(/line (\d+)/.exec(problem)![1]));
      return true;
    });
  });
}

Deno.test("CsvDocument.parse() refuses invalid UTF-8 and names its line", () => {
  const invalid = [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]];
  for (const sequence of invalid) {
    const file = new Uint8Array([...bytes("user,status\r\n\u00e9,\ufffd\rbob,"), ...sequence, 0x0a]);
    const message = "Cannot read storage/users.csv: line 3 is not UTF-8";
    assert.throws(() => CsvDocument.parse(file, USERS), { message });
  }
});

Deno.test("CsvDocument.set() changes only that cell", () => {
  const document = parse(STYLED);
  document.set('a "b", c', "quantity", "7");
  document.set("b\u00f3ok", "quantity", "2");
  assert.equal(textOf(document), STYLED.replace("10,", "7,").replace('"3"', '"2"'));
  assert.equal(document.row("b\u00f3ok")?.get("quantity"), "2");
});

Deno.test("CsvDocument.set() leaves the bytes as they are when the value is equal", () => {
  const text = 'item,quantity\npen,"5"';
  const document = parse(text);
  document.set("pen", "quantity", "5");
  assert.equal(textOf(document), text);
});

Deno.test("CsvDocument.set() fills a short row up to the column", () => {
  const document = parse("item,quantity,as_of\npen,5\nbook,1\n");
  document.set("book", "as_of", "12");
  assert.equal(textOf(document), "item,quantity,as_of\npen,5\nbook,1,12\n");
});

Deno.test("CsvDocument.set() adds an optional column that the file lacks", () => {
  const document = parse("\ufeffitem,note,quantity\r\npen,x,5\r\nbook,y,1");
  document.set("book", "as_of", "12");
  assert.equal(textOf(document), "\ufeffitem,note,quantity,as_of\r\npen,x,5\r\nbook,y,1,12");
  assert.deepEqual(cells(parse(textOf(document))), [["pen", "5", undefined], ["book", "1", "12"]]);
});

Deno.test("CsvDocument.set() refuses unknown rows and columns, the key, and text without a UTF-8 form", () => {
  const text = "item,quantity,note\npen,5,x\n";
  const document = parse(text);
  assert.throws(() => document.set("book", "quantity", "1"), RangeError);
  assert.throws(() => document.set("pen", "note", "y"), RangeError);
  assert.throws(() => document.set("pen", "item", "y"), RangeError);
  assert.throws(() => document.set("pen", "quantity", "\ud800"), RangeError);
  assert.equal(textOf(document), text);
});

Deno.test("CsvDocument.append() uses the file's line ending and stays before trailing blank lines", () => {
  const document = parse("user,status\r\nalice,paid\r\n\r\n\n", USERS);
  document.append({ status: "paid", user: "bob" });
  document.append({ user: "carol", status: "unpaid" });
  assert.equal(textOf(document), "user,status\r\nalice,paid\r\nbob,paid\r\ncarol,unpaid\r\n\r\n\n");
  assert.deepEqual([...document.rows].map((row) => row.line), [2, 3, 4]);
});

Deno.test("CsvDocument.append() adds a missing final line ending first", () => {
  const endings = [["user,status", "\n"], ["user,status\r\nalice,paid", "\r\n"], ["user,status\ralice,paid", "\r"]];
  for (const [text, ending] of endings) {
    const document = parse(text!, USERS);
    document.append({ user: "bob", status: "paid" });
    assert.equal(textOf(document), `${text}${ending}bob,paid${ending}`);
  }
});

Deno.test("CsvDocument.append() follows the file's columns and leaves out optional ones at the end", () => {
  const document = parse("note,item,quantity,as_of\n");
  document.append({ item: "pen", quantity: "5" });
  document.append({ item: "book", quantity: "1", as_of: "3" });
  document.append({ item: "cup" });
  assert.equal(textOf(document), "note,item,quantity,as_of\n,pen,5\n,book,1,3\n,cup,\n");
});

Deno.test("CsvDocument.append() refuses a key that is missing, empty or taken", () => {
  const document = parse("user,status\ncaf\u00e9,paid\n", USERS);
  for (const values of [{ status: "paid" }, { user: "", status: "paid" }, { user: "cafe\u0301", status: "paid" }]) {
    assert.throws(() => document.append(values as Record<string, string>), RangeError);
  }
  assert.equal(textOf(document), "user,status\ncaf\u00e9,paid\n");
});

Deno.test("CsvDocument.empty() is a header of the required columns", () => {
  const document = CsvDocument.empty(STOCK);
  assert.equal(textOf(document), "item,quantity\n");
  document.append({ item: "pen", quantity: "5", as_of: "0" });
  assert.equal(textOf(document), "item,quantity,as_of\npen,5,0\n");
});

Deno.test("CsvDocument stores formulas and control characters exactly, quoted only where needed", () => {
  const plain = ["=cmd()", "+x", "-1", "@a", "\tx", " x ", "'", ";", "\0", "\u2028"];
  const quoted = ['"', 'a"b', ",", "a\nb", "a\rb", "\r\n"];
  const document = CsvDocument.empty(USERS);
  for (const user of [...plain, ...quoted]) document.append({ user, status: user });
  const lines = [...plain, ...quoted.map((value) => `"${value.replaceAll('"', '""')}"`)].map((v) => `${v},${v}\n`);
  assert.equal(textOf(document), `user,status\n${lines.join("")}`);
  assert.deepEqual(cells(parse(textOf(document), USERS), USERS), [...plain, ...quoted].map((value) => [value, value]));
});
