import assert from "node:assert/strict";
import { join } from "node:path";
import { WatchedInventory } from "../../../../lib/files/store/watched_inventory.ts";

const nobodys = { isOwnWriting: () => false };

/** A file with this stock of books, and what writes another. */
async function inventory(quantity: number) {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "inventory.csv");
  const write = (quantity: number) =>
    Deno.writeTextFileSync(path, `item,quantity,as_of\nbook,${quantity},${quantity}\n`);
  write(quantity);
  return {
    csv: new WatchedInventory(path),
    write,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("WatchedInventory parses a file anew that was changed after the first look", async () => {
  await using file = await inventory(7);
  const { csv } = file;
  assert.deepEqual(csv.asOf(nobodys), { lowest: 7, newest: 7 });
  file.write(12);
  assert.equal(csv.parse(csv.changed()!, nobodys).rows.get("book")?.quantity, 12);
});

Deno.test("WatchedInventory gives away what it has parsed once, for a document is changed by whoever has it", async () => {
  await using file = await inventory(7);
  const { csv } = file;
  csv.asOf(nobodys);
  const [one, other] = [csv.parse(csv.changed()!, nobodys), csv.parse(csv.changed()!, nobodys)];
  assert.notEqual(one.document, other.document);
  assert.deepEqual(one.rows, other.rows);
});
