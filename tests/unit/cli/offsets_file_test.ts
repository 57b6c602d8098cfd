import assert from "node:assert/strict";
import { parseOffsetsFile } from "../../../lib/cli/offsets_file.ts";
import { EXIT, Failure } from "../../../lib/errors.ts";

const pure = { permissions: "none" } as const;
const about = { name: "FILE", group: "g", topic: "orders" };
const parse = (text: string) => parseOffsetsFile(text, about);

Deno.test(
  "parseOffsetsFile() reads what kafka-consumer-groups exports, with a group in front and without",
  pure,
  () => {
    assert.deepEqual(parse('orders,0,5\n"orders",1,9\r\n\n'), { offsets: new Map([[0, 5], [1, 9]]), others: 0 });
    const two = "g,orders,0,5\nother,orders,0,7\ng,others,0,8\n";
    assert.deepEqual(parse(two), { offsets: new Map([[0, 5]]), others: 2 });
  },
);

Deno.test("parseOffsetsFile() reads what offsets show --json prints, where the store's position counts", pure, () => {
  const partitions = [
    { partition: 0, committed: 5, store: null },
    { partition: 1, committed: 3, store: 4 },
    { partition: 2, committed: null, store: null },
  ];
  const shown = JSON.stringify({ group: "another", topic: "orders", partitions });
  assert.deepEqual(parse(shown), { offsets: new Map([[0, 5], [1, 4]]), others: 0 });
});

Deno.test("parseOffsetsFile() names what is wrong, with 65", pure, () => {
  const wrong: [text: string, says: RegExp][] = [
    ["", /FILE has no offset of the group g in orders/],
    ["others,0,5", /has no offset of the group/],
    ["orders,0", /line 1 must be topic,partition,offset/],
    ["orders,0,5\norders,x,5", /line 2 must be/],
    ["orders,0,-1", /line 1 must be/],
    ["orders,0,9007199254740992", /line 1 must be/],
    ["orders,0,5\norders,0,6", /names partition 0 twice/],
    ['"orders,0,5', /FILE cannot be read/],
    ["{", /FILE cannot be read/],
    ['{"topic":1}', /must be what deno task offsets show --json prints/],
    ['{"topic":"orders","partitions":[{"partition":0,"committed":"5"}]}', /has a partition that is not/],
    ['{"topic":"orders","partitions":[null]}', /has no offset/],
  ];
  for (const [text, says] of wrong) {
    assert.throws(() => parse(text), (error) => {
      assert.ok(error instanceof Failure && error.exit === EXIT.data, text);
      assert.match(error.message, says, text);
      return true;
    });
  }
});
