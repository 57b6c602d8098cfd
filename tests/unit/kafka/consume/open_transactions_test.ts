import assert from "node:assert/strict";
import { describeHeldBack, OpenTransactions } from "../../../../lib/kafka/consume/open_transactions.ts";

const pure = { permissions: "none" } as const;

function ends(partition: number, stable: number, high: number) {
  return { partition, stable, high };
}

Deno.test("OpenTransactions tells of what is held back for a while, with all that came behind it", pure, () => {
  const transactions = new OpenTransactions();
  assert.deepEqual(transactions.fetched([ends(0, 5, 6), ends(1, 9, 9)], 0), []);
  assert.deepEqual(transactions.fetched([ends(0, 5, 8)], 4_000), []);
  assert.deepEqual(transactions.fetched([ends(0, 5, 9), ends(2, 3, 4)], 5_000), [
    { partition: 0, from: 5, to: 9 },
    { partition: 2, from: 3, to: 4 },
  ]);
});

Deno.test(
  "OpenTransactions takes no notice of transactions that end soon, however many follow one another",
  pure,
  () => {
    const transactions = new OpenTransactions();
    for (let now = 0; now < 60_000; now += 500) {
      assert.deepEqual(transactions.fetched([ends(0, now, now + 500)], now), []);
    }
  },
);

Deno.test("OpenTransactions tells once of a partition, and again after nothing was held back in it", pure, () => {
  const transactions = new OpenTransactions();
  const told = (stable: number, high: number, now: number) => transactions.fetched([ends(0, stable, high)], now).length;
  assert.deepEqual([told(5, 6, 0), told(5, 6, 6_000), told(5, 7, 12_000)], [0, 1, 0]);
  assert.deepEqual([told(6, 9, 18_000), told(6, 9, 24_000)], [0, 0], "another one behind it is no news");
  assert.deepEqual([told(9, 9, 30_000), told(9, 12, 31_000), told(9, 12, 37_000)], [0, 0, 1]);
});

Deno.test("describeHeldBack() counts and says where", pure, () => {
  assert.equal(
    describeHeldBack("orders", [{ partition: 0, from: 5, to: 9 }, { partition: 2, from: 3, to: 4 }]),
    "5 records wait behind an open transaction in orders (partition 0 from offset 5: 4, partition 2 from offset 3: 1)",
  );
  assert.match(describeHeldBack("orders", [{ partition: 0, from: 5, to: 6 }]), /^1 record waits behind/);
});
