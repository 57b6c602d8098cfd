import assert from "node:assert/strict";
import fc from "fast-check";
import { emptyInventory, parseInventory, writeStock } from "../../../../lib/files/csv/inventory_file.ts";
import type { StockBase } from "../../../../lib/files/store/stock_math.ts";
import { StockSheet } from "../../../../lib/files/store/stock_sheet.ts";
import { nameKey } from "../../../../lib/order.ts";
import { anyText, handMadeFile } from "../../../support/hand_made_csv.ts";

const pure = { permissions: "none" } as const;
const bytes = (text: string) => new TextEncoder().encode(text);

const anyNumber = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 9, 10, 10 ** 9 - 1, 10 ** 9, 10 ** 15));
const digits = anyNumber.map(String);
const anyFile = fc.oneof(
  handMadeFile(["item", "quantity", "as_of"], [digits, digits]),
  handMadeFile(["item", "x", "quantity", "as_of", "y"], [anyText, digits, digits, anyText]),
  handMadeFile(["item", "as_of", "quantity", "y"], [digits, digits, anyText]),
  handMadeFile(["item", "quantity", "x", "as_of"], [digits, anyText, digits]),
  handMadeFile(["item", "quantity"], [digits]),
).map(({ pieces }) => pieces.join(""));

/** What happens before a checkpoint: orders, or items that a tool or a person adds, removes or sets. */
const anyStep = fc.record({
  sold: fc.array(fc.tuple(fc.nat(), anyNumber), { maxLength: 5 }),
  set: fc.option(fc.record({ item: fc.oneof(anyText, fc.nat()), quantity: fc.option(anyNumber) }), { freq: 3 }),
  isReread: fc.boolean(),
  seq: fc.maxSafeNat(),
});

Deno.test("StockSheet writes the bytes that the document would, whatever the file and its changes", pure, () => {
  fc.assert(
    fc.property(anyFile, fc.array(anyStep, { maxLength: 8 }), (file, steps) => {
      const { document: plain, rows } = parseInventory(bytes(file), "inventory.csv");
      let stock = new Map<string, StockBase>();
      for (const [key, { item, quantity }] of rows) stock.set(key, { item, quantity, seq: 0 });
      const sheet = new StockSheet(parseInventory(bytes(file), "inventory.csv").document);
      for (const { sold, set, isReread, seq } of steps) {
        const keys = [...stock.keys()];
        for (const [item, left] of keys.length === 0 ? [] : sold) stock.get(keys[item % keys.length])!.quantity = left;
        const item = typeof set?.item === "number" ? keys[set.item % keys.length] : set?.item;
        if (set && item) {
          if (set.quantity === null) stock.delete(nameKey(item));
          else stock.set(nameKey(item), { item, quantity: set.quantity, seq });
          sheet.itemsChanged();
        }
        if (isReread) stock = new Map(stock.entries().map(([key, base]) => [key, { ...base }]));
        writeStock(plain, stock, seq);
        assert.deepEqual(sheet.toBytes(stock, seq), plain.toBytes());
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("StockSheet gives bytes that a later checkpoint leaves as they are", pure, () => {
  const stock = new Map([["book", { item: "book", quantity: 3, seq: 1 }]]);
  const sheet = new StockSheet(emptyInventory());
  const written = [1, 2, 3].map((seq) => sheet.toBytes(stock, seq));
  assert.deepEqual(
    written.map((some) => new TextDecoder().decode(some)),
    [1, 2, 3].map((seq) => `item,quantity,as_of\nbook,3,${seq}\n`),
  );
});
