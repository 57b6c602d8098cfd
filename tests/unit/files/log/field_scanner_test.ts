import assert from "node:assert/strict";
import fc from "fast-check";
import { FieldScanner, FieldStart, Span } from "../../../../lib/files/log/field_scanner.ts";

const pure = { permissions: "none" } as const;
const encode = (text: string) => new TextEncoder().encode(text);
const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const [QUOTE, BACKSLASH, SPACE] = [0x22, 0x5c, 0x20];

const anyName = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 12 }).map((name) => encode(`,"${name}":`));
const anyBytes = fc.uint8Array({ maxLength: 9 });
/** Those beside the digits in ASCII, and with one bit more, are the ones that arithmetic may take for digits. */
const anyOther = fc.constantFrom(0, 0x2f, 0x3a, 0x40, 0x7f, 0x80, 0xb0, 0xb9, 0xff, 0x2c);
const anyDigits = fc.oneof(
  fc.bigInt({ min: 0n, max: 10n ** 18n }).map(String),
  fc.string({ unit: fc.constantFrom(..."0189"), maxLength: 18 }),
  fc.nat({ max: 9 }).map(String),
).map(encode);

function scannerAt(bytes: Uint8Array, at: number): FieldScanner {
  const scanner = new FieldScanner();
  scanner.start(bytes, at);
  return scanner;
}

Deno.test("FieldScanner.number() reads a whole number up to what is no digit, whatever comes next", pure, () => {
  fc.assert(
    fc.property(anyBytes, anyName, anyDigits, fc.array(anyOther, { maxLength: 5 }), (before, name, digits, after) => {
      const bytes = join(before, name, digits, Uint8Array.from(after));
      const scanner = scannerAt(bytes, before.length);
      const number = scanner.number(new FieldStart(name));
      const text = new TextDecoder().decode(digits);
      assert.equal(scanner.isUsual, /^(0|[1-9]\d{0,14})$/.test(text), text);
      if (scanner.isUsual) assert.deepEqual([number, scanner.at], [Number(text), bytes.length - after.length]);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("FieldScanner.text() finds where a text without escapes ends, and whether it is ASCII", pure, () => {
  fc.assert(fc.property(anyBytes, anyName, fc.uint8Array({ maxLength: 40 }), anyBytes, (before, name, text, after) => {
    const bytes = join(before, name, Uint8Array.of(QUOTE), text, Uint8Array.of(QUOTE), after);
    const scanner = scannerAt(bytes, before.length);
    const span = new Span();
    scanner.text(new FieldStart(name), span);
    const end = text.indexOf(QUOTE) < 0 ? text.length : text.indexOf(QUOTE);
    const read = text.subarray(0, end);
    assert.equal(scanner.isUsual, read.every((byte) => byte >= SPACE && byte !== BACKSLASH));
    if (!scanner.isUsual) return;
    const from = before.length + name.length + 1;
    assert.deepEqual({ ...span }, { from, to: from + end, isAscii: read.every((byte) => byte < 0x80) });
    assert.equal(scanner.at, span.to + 1);
  }));
});

Deno.test(
  "FieldScanner notes every byte in which the beginning of a field differs, and one that is cut off",
  pure,
  () => {
    fc.assert(fc.property(anyName, fc.nat(), fc.integer({ min: 1, max: 255 }), (name, place, change) => {
      const field = new FieldStart(name);
      const bytes = join(name, encode("1234,"));
      assert.equal(scannerAt(bytes, 0).number(field), 1234);
      const other = bytes.slice();
      other[place % name.length] ^= change;
      for (const bad of [other, bytes.subarray(0, place % (name.length + 1))]) {
        const scanner = scannerAt(bad, 0);
        scanner.number(field);
        scanner.text(field, new Span());
        assert.ok(!scanner.isUsual);
      }
    }));
  },
);

Deno.test("FieldScanner.skipSame() skips only what is the same in every byte", pure, () => {
  const anySpan = fc.uint8Array({ minLength: 4, maxLength: 40 });
  fc.assert(fc.property(anyBytes, anySpan, anyBytes, fc.nat(), fc.nat(255), (before, same, between, place, change) => {
    const again = same.slice();
    again[place % again.length] ^= change;
    const scanner = scannerAt(join(before, same, between, again), before.length + same.length + between.length);
    const span = Object.assign(new Span(), { from: before.length, to: before.length + same.length });
    const start = scanner.at;
    assert.equal(scanner.skipSame(span), change === 0);
    assert.equal(scanner.at, change === 0 ? start + same.length : start);
    const cutOff = scannerAt(join(before, same, same.subarray(0, -1)), before.length + same.length);
    assert.ok(!cutOff.skipSame(span));
    assert.ok(!scannerAt(scanner.bytes, start).skipSame(new Span()), "nothing was read before");
  }));
});
