import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { CompressionTypes, type Message } from "kafkajs";
import { ORDER_SCHEMA } from "../../lib/avro/order_schema.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { deadLetterTopic, LEFT_OUT_HEADER, valueSubject } from "../../lib/topics.ts";
import { ownWorld, task } from "../support/commands.ts";
import { readTopic, testKafka, testRegistry } from "../support/kafka.ts";
import { sendRaw, wire, wireOrder } from "../support/raw_records.ts";
import { registerSchema } from "../support/register_schema.ts";

/** What becomes of a record: accepted, rejected with this reason, or dead-lettered for a reason like this. */
type Expected = "accepted" | { rejected: string } | { dead: RegExp };

interface BadRecord {
  row: string;
  message: Message;
  expected: Expected;
}

const UNSEEN = {
  "bidi override": "a\u202eb",
  "zero-width space": "a\u200bb",
  "ESC sequence": "\x1b[2Jalice",
  "OSC sequence": "\x1b]0;owned\x07",
  "C1 control": "\x9b2J",
  "tag characters": "alice\u{e0061}",
};
const SPECIAL_NAMES = ["__proto__", "constructor", "../x", "=cmd()", "+1", "-1", "@a"];
/** What reaches a terminal as something else than text; a line feed ends a line of ours. */
const DRIVES_A_TERMINAL = /[^\P{C}\n]|[\u2028\u2029]/u;
const STOCK = 1_000;

/** The table: every record that is not a good order, and a few that look odd but are good. */
async function records(topic: string): Promise<BadRecord[]> {
  const ours = await registerOrderSchema(testRegistry(), valueSubject(topic));
  const payment = await registerSchema(`${topic}-payments`, { ...ORDER_SCHEMA, name: "Payment" });
  const nulls = await registerSchema(`${topic}-nulls`, { type: "array", items: "null" });
  const newer = await registerSchema(valueSubject(topic), {
    ...ORDER_SCHEMA,
    fields: [...ORDER_SCHEMA.fields, { name: "note", type: ["null", "string"], default: null }],
  });
  const found: BadRecord[] = [];
  const add = (row: string, value: Buffer | null, expected: Expected, headers = {}) =>
    found.push({ row, message: { key: "book", value, headers }, expected });
  const order = (row: string, fields: Partial<Parameters<typeof wireOrder>[1]>, expected: Expected, schema = ours) => {
    const good = { order_id: `order-${found.length}`, user: "alice", item: "book", quantity: 1, created_at: 1 };
    add(row, wireOrder(schema, { ...good, ...fields }), expected);
  };
  const rejected = (reason: string) => ({ rejected: `invalid-${reason}` });

  for (const quantity of [0, -1, -(2 ** 31)]) order(`quantity ${quantity}`, { quantity }, rejected("quantity"));
  order("a wire int of 2^31", { quantity: 2 ** 31 }, rejected("quantity"));
  order("a wire int of 2^40", { quantity: 2 ** 40 }, rejected("quantity"));
  order("a long of 2^53", { created_at: 2n ** 53n }, { dead: /^created_at 9007199254740992 is beyond 2\^52$/ });
  order("a long of -2^63", { created_at: -(2n ** 63n) }, { dead: /^created_at -9223372036854775808 is beyond 2\^52$/ });
  order("an empty user", { user: "" }, rejected("name"));
  order("an empty item", { item: "" }, rejected("name"));
  order("an empty order_id", { order_id: "" }, rejected("order-id"));
  order("a user of 257 characters", { user: "x".repeat(257) }, rejected("name"));
  order("an item of 900,000 characters", { item: "x".repeat(900_000) }, rejected("name"));
  order("an order_id of 257 characters", { order_id: "x".repeat(257) }, rejected("order-id"));
  for (const [what, text] of Object.entries(UNSEEN)) {
    order(`a user with a ${what}`, { user: text }, rejected("name"));
    order(`an item with a ${what}`, { item: text }, rejected("name"));
    order(`an order_id with a ${what}`, { order_id: text }, rejected("order-id"));
  }
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80]]) {
    const text = Uint8Array.from([0x61, ...bytes]);
    order(`a user of the bytes ${bytes}, no UTF-8`, { user: text }, rejected("name"));
    order(`an order_id of the bytes ${bytes}, no UTF-8`, { order_id: text }, rejected("order-id"));
  }
  for (const name of SPECIAL_NAMES) {
    order(`the user ${name}`, { user: name }, "accepted");
    order(`the item ${name}`, { item: name }, "accepted");
    order(`the order_id ${name}`, { order_id: name }, "accepted");
  }
  order("a user who is unknown", { user: "toString" }, { rejected: "unknown-user" });
  order("an item that is unknown", { item: "valueOf" }, { rejected: "unknown-item" });
  order("a decomposed name", { user: "cafe\u0301", item: "cafe\u0301" }, "accepted");
  order("a composed name", { user: "caf\u00e9", item: "caf\u00e9" }, "accepted");
  order("a status in another case", { user: "carol" }, { rejected: "unpaid-user" });
  order("a status that is none", { user: "dave" }, { rejected: "unpaid-user" });
  order("the same id, the first", { order_id: "twice" }, "accepted");
  order("the same id again", { order_id: "twice" }, { rejected: "duplicate" });
  order("the same id with other contents", { order_id: "twice", quantity: 2 }, { rejected: "order-id-conflict" });
  order("created 70,000 years ago", { created_at: -(2n ** 51n) }, "accepted");
  order("created in 70,000 years", { created_at: 2n ** 51n }, "accepted");
  add("a null value", null, { dead: /Null value/ });
  for (const length of [0, 4]) add(`${length} bytes`, Buffer.alloc(length), { dead: /^Only \d bytes/ });
  add("another magic byte", Buffer.from('{"order_id":"1"}'), { dead: /First byte is 123/ });
  const whole = wireOrder(ours, { order_id: "o", user: "alice", item: "book", quantity: 1, created_at: 1 });
  add("trailing bytes", Buffer.concat([whole, Buffer.from([0, 0])]), { dead: /2 bytes too many/ });
  add("a body cut off", whole.subarray(0, -2), { dead: /Truncated/ });
  add("a string of a negative length", wire(ours, [-5]), { dead: /a length of -5/ });
  add("a string of 2^40 bytes", wire(ours, [2 ** 40]), { dead: /Truncated/ });
  add("an unknown schema id", wire(2 ** 31 - 1, ["o"]), { dead: /Unknown schema id 2147483647/ });
  add("a negative schema id", Buffer.concat([Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), whole.subarray(5)]), {
    dead: /schema id -1/,
  });
  order("another subject's schema", {}, { dead: /is not registered under/ }, payment);
  add("an array of 10^8 nulls", wire(nulls, [1e8, 0]), { dead: /is not registered under/ });
  const note = Buffer.concat([
    wireOrder(newer, { order_id: "newer", user: "alice", item: "book", quantity: 1, created_at: 1 }),
    wire(0, [1, "a gift"]).subarray(5),
  ]);
  add("a newer compatible schema", note, "accepted");
  for (const count of [1_000, 20_000]) {
    const headers = Object.fromEntries(Array.from({ length: count }, (_, index) => [`header-${index}`, "x"]));
    add(`${count} headers`, Buffer.from("x"), { dead: /Only 1 byte,/ }, headers);
  }
  return found;
}

Deno.test("consume gives every bad record its verdict, in one run over all of them", async (t) => {
  using world = ownWorld();
  const topic = world.env.ORDERS_TOPIC;
  const file = (name: string) => join(world.storage, name);
  const items = ["book", ...SPECIAL_NAMES, "cafe\u0301"];
  const users = ["alice", ...SPECIAL_NAMES, "cafe\u0301"].map((user) => `${user},paid\n`).join("");
  Deno.writeTextFileSync(file("users.csv"), `user,status\n${users}carol,Paid\ndave,\n`);
  const stock = items.map((item) => `${item},${STOCK}\n`).join("");
  Deno.writeTextFileSync(file("inventory.csv"), `item,quantity\n${stock}`);
  await ensureTopics(testKafka(), topic);
  const table = await records(topic);
  // Compressed, as one batch of more than the broker takes.
  await sendRaw(topic, table.map(({ message }) => message), { compression: CompressionTypes.GZIP });

  const consumed = await task("consume", ["--until-end", "--verbose"], world.env);
  assert.equal(consumed.code, 0, consumed.stderr);
  const accepted = linesByOffset(file("orders.jsonl"));
  const rejected = linesByOffset(file("rejected.jsonl"));
  const deadLetters = new Map((await readTopic(deadLetterTopic(topic))).map((deadLetter) => {
    assert.equal(deadLetter.headers["__connect.errors.topic"], topic);
    return [Number(deadLetter.headers["__connect.errors.offset"]), deadLetter] as const;
  }));
  for (const [offset, { row, message, expected }] of table.entries()) {
    await t.step(row, () => {
      const found = [accepted.has(offset), rejected.get(offset)?.reason ?? false, deadLetters.has(offset)];
      if (expected === "accepted") return assert.deepEqual(found, [true, false, false]);
      if ("rejected" in expected) return assert.deepEqual(found, [false, expected.rejected, false]);
      assert.deepEqual(found, [false, false, true]);
      const deadLetter = deadLetters.get(offset)!;
      assert.match(deadLetter.headers["__connect.errors.exception.message"], expected.dead);
      assert.deepEqual([deadLetter.key, deadLetter.value?.toString()], ["book", message.value?.toString()]);
      const { headers = {} } = message;
      const [kept, left] = [Object.keys(headers).slice(0, 10_000), Object.keys(headers).slice(10_000)];
      for (const name of kept) assert.equal(deadLetter.headers[name], headers[name], name);
      if (left.length > 0) assert.equal(deadLetter.headers[LEFT_OUT_HEADER], String(left.length));
    });
  }
  await t.step("stock falls by what was accepted and by nothing else", () => {
    const left = new Map(items.map((item) => [item.normalize("NFC"), STOCK]));
    for (const { item, quantity } of accepted.values()) {
      left.set(item.normalize("NFC"), left.get(item.normalize("NFC"))! - quantity);
    }
    const rows = Deno.readTextFileSync(file("inventory.csv")).trim().split("\n").slice(1).map((row) => row.split(","));
    assert.deepEqual(rows.map(([item]) => item), items, "names keep their bytes");
    for (const [item, quantity] of rows) assert.equal(Number(quantity), left.get(item.normalize("NFC")), item);
  });
  await t.step("nothing that drives a terminal is printed, nor written to rejected.jsonl, and no line is long", () => {
    const printed = consumed.stdout + consumed.stderr;
    assert.doesNotMatch(printed, DRIVES_A_TERMINAL);
    assert.doesNotMatch(Deno.readTextFileSync(file("rejected.jsonl")), DRIVES_A_TERMINAL);
    assert.match(consumed.stderr, /rejected {2}order-\d+ {2}\\u\{1b\}\[2Jalice {2}1 book {2}invalid-name/);
    assert.ok(Math.max(...printed.split("\n").map((line) => line.length)) < 1_000);
  });
  await t.step("a status that is not known is warned of", () => {
    assert.match(
      consumed.stderr,
      /warning: .*users\.csv: the status "Paid" of carol is not known and counts as unpaid/,
    );
    assert.match(consumed.stderr, /warning: .*users\.csv: the status "" of dave is not known and counts as unpaid/);
  });
  await t.step("verify is green", async () => {
    const { code, stdout, stderr } = await task("verify", [], world.env);
    assert.equal(code, 0, stdout + stderr);
  });
});

interface Line {
  offset: number;
  item: string;
  quantity: number;
  reason?: string;
}

function linesByOffset(path: string): Map<number, Line> {
  const lines = Deno.readTextFileSync(path).trim().split("\n").map((line): Line => JSON.parse(line));
  return new Map(lines.map((line) => [line.offset, line]));
}
