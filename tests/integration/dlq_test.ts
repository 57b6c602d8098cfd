import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { EXIT } from "../../lib/errors.ts";
import { deadLetterTopic, valueSubject } from "../../lib/topics.ts";
import { type Finished, ownWorld, task } from "../support/commands.ts";
import { testRegistry } from "../support/kafka.ts";
import { sendRaw } from "../support/raw_records.ts";

const UNKNOWN_ID = 2 ** 31 - 1;
const ORDER = { order_id: "a", user: "alice", item: "book", quantity: 1, created_at: 1_700_000_000_000 };
/** Clears a screen, turns text around, ends a line early. */
const HOSTILE = "\x1b[2J\u202e\r";

/** A world in which one message of each kind of poison has become a dead letter, at offsets 0 to 5 in this order. */
async function poisonedWorld() {
  const world = ownWorld();
  const topic = world.env.ORDERS_TOPIC;
  const schemaId = await registerOrderSchema(testRegistry(), valueSubject(topic));
  const headers = { trace: "abc", [HOSTILE]: [HOSTILE, Buffer.from([0xff])] };
  await sendRaw(topic, [
    { key: HOSTILE, value: `not an order ${HOSTILE}`, headers, timestamp: "1700000000000" },
    { key: null, value: null },
    { key: "book", value: Buffer.concat([encodeOrder(schemaId, ORDER), Buffer.from("more")]) },
    { key: "book", value: encodeOrder(UNKNOWN_ID, ORDER) },
    { key: Buffer.from([1, 2]), value: Buffer.alloc(5_000, 0xfe) },
    { key: "book", value: "x".repeat(5_000) },
  ]);
  await task("bootstrap", [], world.env);
  const { code, stdout, stderr } = await task("consume", ["--until-end"], world.env);
  assert.match(stdout, /6 dead-lettered/, stderr);
  assert.equal(code, EXIT.ok);
  return { ...world, topic, schemaId, dlq: (...args: string[]) => task("dlq", args, world.env) };
}

function offsetsIn({ stdout }: Finished): number[] {
  return [...stdout.matchAll(/^#(\d+) /gm)].map(([, offset]) => Number(offset));
}

Deno.test("dlq lists dead letters with origin and reason, decoded as far as possible", async (t) => {
  using world = await poisonedWorld();
  const { topic, schemaId, dlq } = world;

  await t.step("for a person, none of it able to drive a terminal", async () => {
    const { code, stdout, stderr } = await dlq();
    assert.equal(code, EXIT.ok);
    const from = `from ${topic} partition 0 offset`;
    assert.ok(stdout.startsWith(`#0  ${from} 0  2023-11-14T22:13:20.000Z  First byte is 110, not 0`), stdout);
    assert.match(stdout, /header {2}trace: abc\n/);
    assert.match(stdout, /value {3}21 bytes: not an order \\u\{1b\}\[2J\\u\{202e\}\\u\{d\}\n/);
    assert.match(stdout, /Null value\n {2}value {3}null\n/);
    assert.match(stdout, new RegExp(`value   schema ${schemaId}, \\d+ bytes: {"order_id":"a","user":"alice",`));
    assert.match(stdout, new RegExp(`Unknown schema id ${UNKNOWN_ID}\n.*\n  value   schema ${UNKNOWN_ID}, `));
    assert.match(stdout, /key {5}01 02\n {2}value {3}5000 bytes: (fe ){64}…\n/);
    assert.match(stdout, /value {3}5000 bytes: x{400}… \(5000 characters\)\n/);
    // deno-lint-ignore no-control-regex -- these are what must not be there
    assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\u202e]/);
    assert.equal(stderr, `6 dead letters in ${deadLetterTopic(topic)}; deno task replay --dlq sends them again\n`);
  });

  await t.step("and why says of an order that its records are among them", async () => {
    const { code, stdout } = await task("why", ["a"], world.env);
    const place = (offset: number, id: number) =>
      `in ${topic} partition 0 offset ${offset} (schema ${id}, key book), sent `;
    const [said, ...lines] = stdout.replaceAll(/sent .*/g, "sent ").trimEnd().split("\n");
    assert.deepEqual([code, said], [EXIT.ok, "Order a: a dead letter, so there is no verdict"]);
    assert.deepEqual([lines[0], lines[2]], [
      `  set aside  ${place(2, schemaId)}`,
      `  set aside  ${place(3, UNKNOWN_ID)}`,
    ]);
    assert.match(lines[1], /^ {2}because {4}4 bytes too many after the Avro body$/);
    assert.match(lines[3], /^ {2}because {4}Unknown schema id/);
    const { records } = JSON.parse((await task("why", ["a", "--json"], world.env)).stdout);
    assert.match(records[1].dead_letter, /^Unknown schema id/);
  });

  await t.step("for a machine, to the byte", async () => {
    const deadLetters = (await dlq("--json")).stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(deadLetters.map(({ offset }) => offset), [0, 1, 2, 3, 4, 5]);
    const [text, none, trailing, , binary] = deadLetters;
    assert.deepEqual(text.origin, { topic, partition: 0, offset: 0 });
    assert.equal(text.timestamp, 1_700_000_000_000);
    assert.deepEqual(text.headers, [["trace", "abc"], [HOSTILE, HOSTILE], [HOSTILE, { base64: "/w==" }]]);
    assert.equal(Buffer.from(text.key, "base64").toString(), HOSTILE);
    assert.deepEqual([none.key, none.value, none.reason], [null, null, "Null value"]);
    assert.deepEqual([trailing.schema_id, trailing.decoded], [schemaId, ORDER]);
    assert.deepEqual(Buffer.from(binary.value, "base64"), Buffer.alloc(5_000, 0xfe));
    assert.ok(deadLetters.every(({ order_now }) => order_now === false));
  });

  await t.step("those that are asked for", async () => {
    assert.deepEqual(offsetsIn(await dlq("--reason", "schema ID")), [3]);
    assert.deepEqual(offsetsIn(await dlq("--limit", "2")), [0, 1]);
    assert.deepEqual(offsetsIn(await dlq("--from", "2", "--to", "4")), [2, 3]);
    assert.deepEqual(offsetsIn(await dlq("--since", "1h")), [1, 2, 3, 4, 5]);
    assert.deepEqual(offsetsIn(await dlq("--until", "2024-01-01")), [0]);
    const none = await dlq("--reason", "no such");
    const sentence = `No dead letters in ${deadLetterTopic(topic)} that fit the flags\n`;
    assert.deepEqual([none.code, none.stdout, none.stderr], [0, "", sentence]);
  });

  await t.step("without a registry as they are", async () => {
    const { code, stdout, stderr } = await dlq("--registry", "http://127.0.0.1:1");
    assert.equal(code, EXIT.ok);
    assert.equal(offsetsIn({ code, stdout, stderr }).length, 6);
    assert.equal(
      stderr.match(/warning: No answer from http:\/\/127\.0\.0\.1:1\S+: .*; values are shown as/g)?.length,
      1,
    );
  });
});

Deno.test("dlq says calmly that there is nothing, and in one line what is wrong", async () => {
  using world = ownWorld();
  const { code, stdout, stderr } = await task("dlq", [], world.env);
  assert.deepEqual([code, stdout, stderr], [EXIT.ok, "", `No dead letters in ${world.env.ORDERS_TOPIC}.dlq\n`]);
  const help = await task("dlq", ["--help"], world.env);
  assert.match(help.stdout, /Examples:\n +deno task dlq/);
  const typo = await task("dlq", ["--limti", "3"], world.env);
  assert.equal(typo.code, EXIT.usage);
  assert.match(typo.stderr, /Did you mean `--limit`\?/);
  const when = await task("dlq", ["--since", "yesterday"], world.env);
  assert.equal(when.code, EXIT.usage);
  assert.match(when.stderr, /^error: --since must be a time .*, got "yesterday"\n$/);
});
