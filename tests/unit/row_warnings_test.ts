import assert from "node:assert/strict";
import { handEditWarnings, oldCopyWarnings } from "../../lib/files/store/hand_edits.ts";
import { RowWarnings } from "../../lib/row_warnings.ts";
import { oddUsers } from "../../lib/odd_users.ts";

const pure = { permissions: "none" } as const;
const edit = (item: string, was: number | null, set: number | null) => ({ item, was, set, by: "hand" as const });

Deno.test("oddUsers() names statuses that are not known and blanks that nobody sees, quoted", pure, () => {
  const users = [
    { name: "alice", status: "paid" },
    { name: "bob", status: "paid " },
    { name: "carol\u00a0", status: "Paid" },
    { name: " dave", status: "unpaid" },
  ];
  assert.deepEqual(oddUsers(users, "users.csv"), [
    'users.csv: the status "paid " of bob is not known and counts as unpaid: it ends with a blank',
    'users.csv: the status "Paid" of "carol\\u{a0}" is not known and counts as unpaid',
    'users.csv: the name of user "carol\\u{a0}" ends with a blank, so orders without it do not match',
    'users.csv: the name of user " dave" begins with a blank, so orders without it do not match',
  ]);
});

Deno.test("oddUsers() counts the users beyond a few", pure, () => {
  const users = Array.from({ length: 3_000 }, (_, index) => ({ name: `user-${index} `, status: "Paid" }));
  const sentences = oddUsers(users, "users.csv");
  assert.equal(sentences.length, 12);
  assert.equal(sentences[5], "users.csv: 2,995 more have a status that is not known and count as unpaid");
  assert.equal(sentences[11], "users.csv: 2,995 more names begin or end with a blank");
});

Deno.test(
  "handEditWarnings() names each edit where they are few, and counts them by kind where they are not",
  pure,
  () => {
    const few = [edit("pen ", null, 5), edit("book", 10, 7), edit("cup", 3, null)];
    assert.deepEqual(handEditWarnings(few, "inventory.csv"), [
      'inventory.csv was edited by hand: "pen " is new with 5',
      "inventory.csv was edited by hand: book is set from 10 to 7",
      "inventory.csv was edited by hand: cup is gone",
    ]);
    const added = Array.from({ length: 3_000 }, (_, index) => edit(`item-${index}`, null, index));
    assert.deepEqual(handEditWarnings(added, "inventory.csv"), [
      "inventory.csv was edited by hand: 3,000 items are new (see stock_edits.jsonl)",
    ]);
    assert.deepEqual(
      handEditWarnings([edit("one", null, 1), ...few.slice(1), ...few.slice(1), edit("x", 1, null)], "f"),
      [
        "f was edited by hand: 1 item is new, 2 are set to another quantity, 3 are gone (see stock_edits.jsonl)",
      ],
    );
    assert.deepEqual(handEditWarnings([], "inventory.csv"), []);
  },
);

Deno.test("RowWarnings tells each thing once, and again where it came back", pure, () => {
  const told: string[] = [];
  const warnings = new RowWarnings((sentence) => told.push(sentence));
  for (const sentences of [["a"], ["a", "b"], ["b"], ["a", "b"]]) warnings.tell(sentences);
  assert.deepEqual(told, ["a", "b", "a"]);
});

Deno.test("oldCopyWarnings() names the items where they are few, and counts the others", pure, () => {
  const edits = Array.from({ length: 7 }, (_, index) => ({ ...edit(`item-${index}`, 1, 2), seq: index, batch: index }));
  const sentences = oldCopyWarnings(edits, "inventory.csv");
  assert.equal(sentences[0], "inventory.csv is from before edit number 0 of item-0: the edit counts");
  assert.deepEqual(sentences.slice(5), ["inventory.csv: so it is with 2 more items"]);
});
