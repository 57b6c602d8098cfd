import assert from "node:assert/strict";
import fc from "fast-check";
import { batchOf, order, process, requireBalance, TestStorage } from "../../../support/storage.ts";

const ITEMS = ["book", "pen", "car"];
const anyItem = fc.constantFrom(...ITEMS);
const anyBatch = fc.record({
  kind: fc.constant("batch" as const),
  from: fc.nat(15),
  partition: fc.nat(1),
  wishes: fc.array(fc.tuple(anyItem, fc.integer({ min: 1, max: 4 }), fc.constantFrom("alice", "bob")), {
    maxLength: 4,
  }),
});
const anyStep = fc.oneof(
  { weight: 6, arbitrary: anyBatch },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("tool" as const), item: anyItem, quantity: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("hand" as const, "blank" as const),
      item: anyItem,
      quantity: fc.nat(20),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "checkpoint" as const,
        "keep" as const,
        "restore" as const,
        "restart" as const,
        "kill" as const,
        "touch" as const,
      ),
    }),
  },
);

/** The row of `item` as a person would change it; `as_of` stays unless `blank`. */
function withRow(csv: string, { item, quantity }: { item: string; quantity: number }, blank: boolean): string {
  return csv.replace(
    new RegExp(`^(${item}),\\d+,(\\d*)$`, "m"),
    (_, name, asOf) => `${name},${quantity},${blank ? "" : asOf}`,
  );
}

async function requireBalancedUnderAnySteps(compactAbove?: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 25 }), async (steps) => {
      const dead: TestStorage[] = [];
      let storage = await TestStorage.create({ items: { book: 10, pen: 20, car: 5 }, compactAbove });
      try {
        let store = await storage.open();
        let kept = storage.text("inventory.csv");
        const acknowledged = new Set<string>();
        for (const step of steps) {
          if (step.kind === "batch") {
            const orders = step.wishes.map(([item, quantity, user], index) =>
              order({ order_id: `${step.partition}/${(step.from + index) % 9}`, user, item, quantity })
            );
            for (const { kind, received } of await process(store, batchOf(orders, step))) {
              if (kind === "accepted") acknowledged.add(received.order.order_id);
            }
          } else if (step.kind === "tool") {
            await storage.setStock(step.item, step.quantity);
          } else if (step.kind === "hand" || step.kind === "blank") {
            storage.save("inventory.csv", withRow(storage.text("inventory.csv"), step, step.kind === "blank"));
          } else if (step.kind === "checkpoint") {
            await store.checkpoint();
          } else if (step.kind === "keep") {
            kept = storage.text("inventory.csv");
          } else if (step.kind === "restore") {
            storage.save("inventory.csv", kept);
          } else if (step.kind === "touch") {
            storage.save("inventory.csv", storage.text("inventory.csv"));
          } else {
            if (step.kind === "restart") await storage.close(store);
            else dead.push(storage), storage = storage.copy();
            store = await storage.open();
          }
        }
        await storage.close(store);
        const stock = requireBalance(storage);
        assert.deepEqual(Object.keys(stock).sort(), [...ITEMS].sort());
        assert.deepEqual(new Set(storage.orders().map(({ order_id }) => order_id)), acknowledged);
      } finally {
        for (const each of [...dead, storage]) await each[Symbol.asyncDispose]();
      }
    }),
    { numRuns: 120 },
  );
}

Deno.test("FileStore keeps opening + edits - accepted = stock under any batches, edits, saves, restarts and kills", async () => {
  await requireBalancedUnderAnySteps();
});

Deno.test("FileStore keeps it where the journals are compacted at every checkpoint", async () => {
  await requireBalancedUnderAnySteps(0);
});
