import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { Header } from "../../../../lib/header.ts";
import { errorHeaders, readErrorHeaders } from "../../../../lib/kafka/dead_letters/error_headers.ts";

const pure = { permissions: "none" } as const;
const AT = { topic: "orders", partition: 2, offset: 7 };
const ELSEWHERE = errorHeaders({ at: { topic: "elsewhere", partition: 0, offset: 1 }, reason: "theirs" });
const TRACE: Header = ["traceparent", Buffer.from("00-1")];

const anyValue = fc.option(fc.uint8Array({ maxLength: 5 }));
const anyName = fc.constantFrom("a", "1", "__proto__", Buffer.from([0xff]), ...ELSEWHERE.map(([name]) => name));
const anyHeader: fc.Arbitrary<Header> = fc.tuple(anyName, anyValue);

Deno.test("readErrorHeaders() gives back what errorHeaders() was put behind, whatever that is", pure, () => {
  fc.assert(fc.property(fc.array(anyHeader, { maxLength: 12 }), fc.string(), (own, reason) => {
    const read = readErrorHeaders([...own, ...errorHeaders({ at: AT, reason })]);
    assert.deepEqual(read, { origin: AT, reason: Buffer.from(reason).toString(), own });
  }));
});

Deno.test("readErrorHeaders() keeps error headers that a record came with", pure, () => {
  const own = [TRACE, ...ELSEWHERE];
  assert.deepEqual(readErrorHeaders([...own, ...errorHeaders({ at: AT, reason: "ours" })]).own, own);
});

Deno.test("readErrorHeaders() finds the block with headers that others have put behind it", pure, () => {
  const read = readErrorHeaders([...errorHeaders({ at: AT, reason: "ours" }), TRACE]);
  assert.deepEqual(read, { origin: AT, reason: "ours", own: [TRACE] });
});

Deno.test("readErrorHeaders() reads a dead letter of Kafka Connect", pure, () => {
  const names = [
    "topic",
    "partition",
    "offset",
    "connector.name",
    "task.id",
    "stage",
    "class.name",
    "exception.class.name",
    "exception.message",
    "exception.stacktrace",
  ];
  const said = ["orders", "2", "7", "sink", "0", "VALUE_CONVERTER", "c", "e", "why", null];
  const block = names.map((name, index): Header => {
    const text = said[index];
    return [`__connect.errors.${name}`, text === null ? null : Buffer.from(text)];
  });
  assert.deepEqual(readErrorHeaders([TRACE, ...block]), { origin: AT, reason: "why", own: [TRACE] });
});

Deno.test("readErrorHeaders() takes a place that is none for none", pure, () => {
  const header = (name: string, value: string): Header => [`__connect.errors.${name}`, Buffer.from(value)];
  for (const [partition, offset] of [["-1", "1"], ["1", "1e3"], ["1", ""], ["1", "9".repeat(16)]]) {
    const block = [header("topic", "orders"), header("partition", partition), header("offset", offset)];
    assert.equal(readErrorHeaders(block).origin, undefined);
  }
  assert.deepEqual(readErrorHeaders([header("partition", "1")]).own.length, 1);
});
