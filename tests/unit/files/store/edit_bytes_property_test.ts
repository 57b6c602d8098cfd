import fc from "fast-check";
import assert from "node:assert/strict";
import { asWritten, handMadeFile } from "../../../support/hand_made_csv.ts";
import { TestStorage } from "../../../support/storage.ts";

const anyStatus = fc.constantFrom("paid", "unpaid", "Paid", "paid\u00a0", "");
const anyQuantity = fc.nat().map(String);
const anyFiles = fc.record({
  users: handMadeFile(["user", "note", "status"], [fc.string(), anyStatus]),
  stock: handMadeFile(["item", "quantity", "as_of"], [anyQuantity, fc.constant("")]),
  choice: fc.nat(),
  quantity: fc.nat({ max: 2 ** 31 - 1 }),
});

Deno.test("editStorage() changes its cells of any hand-made files and no other byte", async () => {
  const edits = fc.asyncProperty(anyFiles, async ({ users, stock, choice, quantity }) => {
    const [user, item] = [users, stock].map(({ rows }) => rows[choice % rows.length]);
    await using storage = TestStorage.of({
      "users.csv": users.pieces.join(""),
      "inventory.csv": stock.pieces.join(""),
    });
    await storage.setUser(user.values[0], "paid");
    await storage.setStock(item.values[0], quantity);
    const set = (pieces: string[], at: number, value: string) => {
      pieces[at] = asWritten(value, pieces[at].startsWith('"'));
    };
    if (user.values[2] !== "paid") set(users.pieces, user.piece + 4, "paid");
    assert.equal(storage.text("users.csv"), users.pieces.join(""));
    if (item.values[1] !== String(quantity)) set(stock.pieces, item.piece + 2, String(quantity));
    // Each row was new by hand, then came the edit: that many numbers were given out.
    for (const row of stock.rows) set(stock.pieces, row.piece + 4, String(stock.rows.length + 1));
    assert.equal(storage.text("inventory.csv"), stock.pieces.join(""));
  });
  await fc.assert(edits, { numRuns: 50 });
});
