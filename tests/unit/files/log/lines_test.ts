import assert from "node:assert/strict";
import fc from "fast-check";
import { tailStart, visitLines } from "../../../../lib/files/log/lines.ts";

const pure = { permissions: "none" } as const;
/** Bytes read at a time, in lib/files/log/lines.ts. */
const CHUNK = 4 << 20;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

function linesOf(file: Uint8Array, from = 0, to = file.length): [string, number, boolean][] {
  const lines: [string, number, boolean][] = [];
  visitLines((from, to) => file.subarray(from, to), from, to, (line, start, whole) => {
    lines.push([text(line), start, whole]);
  });
  return lines;
}

Deno.test("visitLines() tells each line, where it starts and whether it is whole", pure, () => {
  assert.deepEqual(linesOf(bytes("a\nbc\n\nd")), [["a", 0, true], ["bc", 2, true], ["", 5, true], ["d", 6, false]]);
  assert.deepEqual(linesOf(bytes("a\n")), [["a", 0, true]]);
  assert.deepEqual(linesOf(bytes("")), []);
  assert.deepEqual(linesOf(bytes("a\nbc\nd\n"), 2, 6), [["bc", 2, true], ["d", 5, false]]);
});

Deno.test("visitLines() stops where the visitor says so", pure, () => {
  const seen: string[] = [];
  visitLines((from, to) => bytes("a\nb\nc\n").subarray(from, to), 0, 6, (line) => {
    seen.push(text(line));
    return seen.length < 2;
  });
  assert.deepEqual(seen, ["a", "b"]);
});

Deno.test("visitLines() joins what lies across the border of two reads", pure, () => {
  for (const shift of [-2, -1, 0, 1, 2]) {
    const long = "x".repeat(CHUNK + shift);
    const after = "y".repeat(2 * CHUNK + 5);
    const file = bytes(`first\n${long}\n\n${after}\nlast`);
    const found = linesOf(file).map(([line, start, whole]) => [line.length, start, whole]);
    const start = 6 + long.length + 1;
    assert.deepEqual(found, [
      [5, 0, true],
      [long.length, 6, true],
      [0, start, true],
      [after.length, start + 1, true],
      [4, start + 1 + after.length + 1, false],
    ]);
  }
});

Deno.test("visitLines() finds what split() finds, in a file of several reads", pure, () => {
  const anyLengths = fc.array(fc.nat(400_000), { minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(anyLengths, fc.boolean(), (lengths, open) => {
      const file = lengths.map((length, index) => String.fromCharCode(97 + index % 26).repeat(length)).join("\n") +
        (open ? "" : "\n");
      const expected = file.split("\n");
      const found = linesOf(bytes(file));
      if (found.length < expected.length) assert.equal(expected.pop(), "");
      assert.ok(found.every(([line], index) => line === expected[index]) && found.length === expected.length);
      assert.ok(found.every(([line, start]) => file.startsWith(line, start)));
    }),
    { numRuns: 10 },
  );
});

Deno.test("tailStart() is the start of the last unbroken run of lines that are not before", pure, () => {
  const isBefore = (line: Uint8Array) => text(line).startsWith("b");
  const startOf = (file: string) => tailStart((from, to) => bytes(file).subarray(from, to), file.length, isBefore);
  assert.equal(startOf(""), 0);
  assert.equal(startOf("a\na\n"), 0);
  assert.equal(startOf("b\na\na\n"), 2);
  assert.equal(startOf("b\nb\n"), 4);
  assert.equal(startOf("b\na\nb\na\n"), 6);
  assert.equal(startOf("b\na\nb"), 2, "a line that is not whole is wanted");
});

Deno.test("tailStart() reads only the tail of a long file, and more where that has no line before", pure, () => {
  fc.assert(
    fc.property(fc.nat(3_000), fc.nat(3_000), fc.integer({ min: 1, max: 900 }), (before, after, width) => {
      const file = bytes(`b${"x".repeat(width)}\n`.repeat(before) + `a${"x".repeat(width)}\n`.repeat(after));
      let lowest = file.length;
      const found = tailStart(
        (from, to) => {
          lowest = Math.min(lowest, from);
          return file.subarray(from, to);
        },
        file.length,
        (line) => line[0] === "b".charCodeAt(0),
      );
      const start = before * (width + 2);
      assert.equal(found, start);
      const tail = file.length - start;
      assert.ok(lowest >= Math.min(start, file.length - 16 * Math.max(tail, 64 << 10)), "read too far back");
    }),
    { numRuns: 30 },
  );
});
