import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { NameTable } from "../../lib/name_table.ts";
import { isValidName } from "../../lib/order.ts";

const pure = { permissions: "none" } as const;
const anyBytes = fc.oneof(
  fc.constantFrom("book", "pen", "", "caf\u00e9", "cafe\u0301", 'a"b', "a\\b", "\ufeffa", "x".repeat(257)).map((name) =>
    Buffer.from(name)
  ),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);

Deno.test("NameTable.numberOf() gives equal bytes the same number, and other bytes another one", pure, () => {
  fc.assert(fc.property(fc.array(anyBytes, { maxLength: 30 }), fc.nat(3), (names, before) => {
    const table = new NameTable();
    const known = new Map<string, number>();
    for (const name of [...names, ...names]) {
      const padded = Buffer.concat([Buffer.alloc(before, 0x78), name, Buffer.from("rest")]);
      const number = table.numberOf(padded, before, before + name.length);
      const hex = name.toString("hex");
      assert.equal(number, known.get(hex) ?? known.size, hex);
      known.set(hex, number);
    }
    assert.equal(table.size, known.size);
  }));
});

Deno.test("NameTable knows the text of a name, whether it is valid, and whether its bytes are its JSON", pure, () => {
  const table = new NameTable();
  fc.assert(fc.property(anyBytes, (bytes) => {
    const number = table.numberOf(bytes, 0, bytes.length);
    const text = bytes.toString();
    assert.equal(table.text(number), text);
    assert.equal(table.isValid(number), isValidName(text));
    const own = Buffer.from(table.bytes.subarray(table.startOf(number), table.endOf(number)));
    assert.deepEqual(own, bytes);
    if (table.isPlain(number)) assert.equal(JSON.stringify(text), `"${own.toString("latin1")}"`);
    else assert.ok(JSON.stringify(text) !== `"${text}"` || own.some((byte) => byte >= 0x7f), text);
  }));
});

Deno.test("NameTable finds every name again after it grew, until it is full", pure, () => {
  const table = new NameTable();
  const count = 1 << 18;
  for (let number = 0; number < count; number++) assert.equal(table.numberOfText(nameOf(number)), number);
  assert.equal(table.isFull, true);
  for (let number = 0; number < count; number += 97) {
    const name = nameOf(number);
    assert.equal(table.numberOfText(name), number);
    assert.deepEqual(
      [table.text(number), table.isValid(number), table.isPlain(number)],
      [name, isValidName(name), number % 2 === 0],
    );
  }
  assert.equal(table.size, count);
  const long = new NameTable();
  assert.equal(long.isFull, false);
  for (let number = 0; number < 8; number++) long.numberOfText(`${number}`.padEnd(1 << 20));
  assert.equal(long.isFull, true, "by bytes");
});

Deno.test("NameTable keeps names apart whose hashes are the same to the last bit", pure, () => {
  const [one, other] = ["004pvu", "00b3ea"];
  assert.equal(hashOf(one), hashOf(other));
  const table = new NameTable();
  assert.deepEqual([one, other, one, other].map((name) => table.numberOfText(name)), [0, 1, 0, 1]);
});

Deno.test("NameTable finds names that belong in the same slot, and looks at few of them", pure, () => {
  const table = new NameTable();
  const rivals = sameSlots(40);
  const numbers = rivals.map((name) => table.numberOfText(name));
  assert.equal(new Set(numbers).size, rivals.length);
  for (const [index, name] of rivals.entries()) assert.equal(table.text(numbers[index]), name);
  // The first ones are found again, and the last one, which took the last place; others get a new number each time.
  assert.equal(table.numberOfText(rivals.at(-1)!), numbers.at(-1));
  assert.deepEqual(rivals.slice(0, 15).map((name) => table.numberOfText(name)), numbers.slice(0, 15));
  for (const name of rivals) assert.equal(table.text(table.numberOfText(name)), name);
});

/** Names by number: every other one is not plain, every sixth not valid either. */
function nameOf(number: number): string {
  if (number % 2 === 0) return `item-${number}`;
  return number % 3 === 0 ? `\u202e${number}` : `caf\u00e9-${number}`;
}

/** Names of four letters that belong in the same slot of a new table: the lower 12 bits of their hashes are the same. */
function sameSlots(count: number): string[] {
  const names: string[] = [];
  for (let index = 0; names.length < count; index++) {
    const name = index.toString(36).padStart(4, "0");
    if ((hashOf(name) & 0xfff) === 7) names.push(name);
  }
  return names;
}

/** The hash of lib/name_table.ts. */
function hashOf(name: string): number {
  const bytes = Buffer.from(name);
  let hash = bytes.length;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash ^ hash >>> 15;
}
