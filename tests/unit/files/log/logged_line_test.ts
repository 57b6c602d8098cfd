import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { LoggedLine, type LoggedOrder, parseLogged } from "../../../../lib/files/log/logged_line.ts";
import { writeOrders } from "../../../../lib/files/log/order_lines.ts";

const pure = { permissions: "none" } as const;
const LINE_FEED = 0x0a;

/** What each line of a log is, or the error that reading it throws. */
function outcomes(read: () => unknown[]): unknown {
  try {
    return read();
  } catch (error) {
    return String(error);
  }
}

function readByBytes(bytes: Uint8Array): unknown {
  const line = new LoggedLine();
  return outcomes(() => {
    const orders = [];
    for (let at = 0; at < bytes.length; at = line.next) orders.push(line.read(bytes, at) ? line.toOrder() : undefined);
    return orders;
  });
}

function readByJson(bytes: Uint8Array): unknown {
  return outcomes(() => {
    const orders = [];
    for (let at = 0; at < bytes.length;) {
      const feed = bytes.indexOf(LINE_FEED, at);
      orders.push(feed < 0 ? undefined : parseLogged(bytes.subarray(at, feed)));
      at = feed < 0 ? bytes.length : feed + 1;
    }
    return orders;
  });
}

const anyText = fc.oneof(
  fc.uuid(),
  fc.constantFrom("alice", "book", "Ren\u00e9", '"\\\n\ud800', ""),
  fc.string({ unit: "binary", maxLength: 300 }),
);
const anyNumber = fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.constantFrom(0, -1, 1.5, 1e21, 10 ** 15, 10 ** 15 - 1));
const anyAcceptance = fc.record({
  received: fc.record({
    order: fc.record({ order_id: anyText, user: anyText, item: anyText, quantity: anyNumber, created_at: anyNumber }),
    at: fc.record({ topic: fc.constantFrom("orders", "o.2"), partition: fc.nat(3), offset: anyNumber }),
    replayOf: fc.option(anyText, { nil: undefined }),
  }),
  remaining: anyNumber,
});
const anyBatch = fc.tuple(fc.array(anyAcceptance, { maxLength: 6 }), fc.constantFrom(7, 8, 10_007));
const anyLog = fc.array(anyBatch, { maxLength: 4 }).map((batches) =>
  Uint8Array.from(batches.flatMap((batch) => [...writeOrders(...batch).bytes]))
);
const anyDamage = fc.record({ at: fc.nat(), cut: fc.nat(40), put: fc.uint8Array({ maxLength: 20 }) });
const anyDamagedLog = fc.tuple(anyLog, fc.array(anyDamage, { minLength: 1, maxLength: 3 })).map(([log, damages]) => {
  for (const { at, cut, put } of damages) {
    const from = at % (log.length + 1);
    log = Uint8Array.from([...log.subarray(0, from), ...put, ...log.subarray(from + cut)]);
  }
  return log;
});

Deno.test("LoggedLine.read() reads what parseLogged() reads, in one log after the other", pure, () => {
  fc.assert(fc.property(anyLog, (log) => assert.deepEqual(readByBytes(log), readByJson(log))));
});

Deno.test("LoggedLine.read() finds the same damage as parseLogged()", pure, () => {
  fc.assert(
    fc.property(anyDamagedLog, (log) => assert.deepEqual(readByBytes(log), readByJson(log))),
    { numRuns: 500 },
  );
});

/** Pieces of a line in any order and number, among them all that the usual form consists of. */
const anyPieces = fc.array(
  fc.constantFrom(
    ...['{"order_id":', ',"user":', ',"item":', ',"quantity":', ',"created_at":', ',"seq":', ',"batch":', ',"topic":'],
    ...[',"partition":', ',"offset":', ',"remaining":', ',"replay_of":', '"a"', '"\\u0061"', '"\u00e9"', '"\x7f"'],
    ...["1", "0", "01", "-1", "1.0", "1e3", "123456789012345", "1234567890123456", "null", " ", "{", ',"crc":"'],
  ),
);
const USUAL = '{"order_id":"a","user":"b","item":"c","quantity":1,"created_at":2,"seq":3,"batch":3,"topic":"t",' +
  '"partition":0,"offset":4,"remaining":5';
const anyJson = fc.oneof(
  anyPieces.map((pieces) => pieces.join("")),
  fc.tuple(fc.nat(USUAL.length), fc.nat(3), anyPieces).map(([at, cut, [piece = ""]]) =>
    USUAL.slice(0, at) + piece + USUAL.slice(at + cut)
  ),
  anyPieces.map((pieces) => USUAL + pieces.slice(0, 2).join("")),
  fc.constantFrom("1", "", "01", "-1", "1.0", "1e3", "1234567890123456").map((number) =>
    USUAL.replace("1,", `${number},`)
  ),
);

function sealed(texts: readonly string[]): Uint8Array {
  const lines = texts.map((text) => `${text},"crc":"${crc32(text).toString(16).padStart(8, "0")}"}\n`);
  return new TextEncoder().encode(lines.join(""));
}

Deno.test("LoggedLine.read() agrees with parseLogged() on any JSON or none under a right checksum", pure, () => {
  fc.assert(
    fc.property(fc.array(anyJson, { minLength: 1, maxLength: 4 }), (texts) => {
      const log = sealed(texts);
      assert.deepEqual(readByBytes(log), readByJson(log));
    }),
    { numRuns: 1_000 },
  );
});

/** Lines in the usual form and in others, as of a log that somebody has restored with other tools. */
const anyMixedLog = fc.array(
  fc.oneof(anyLog, anyLog.map((log) => withOtherForm(log)), anyDamagedLog),
  { minLength: 1, maxLength: 4 },
).map((logs) => Uint8Array.from(logs.flatMap((log) => [...log])));

/** The same orders with a blank before the first field. */
function withOtherForm(log: Uint8Array): Uint8Array {
  const lines = new TextDecoder().decode(log).split("\n").slice(0, -1);
  return sealed(lines.map((line) => "{ " + line.slice(1, line.lastIndexOf(',"crc"'))));
}

Deno.test("A LoggedLine is the order that it has read last, in whatever sequence lines are read", pure, () => {
  fc.assert(fc.property(anyMixedLog, fc.infiniteStream(fc.nat()), (log, jumps) => {
    const starts = [0, ...[...log.keys()].filter((at) => log[at] === LINE_FEED).map((at) => at + 1)];
    const line = new LoggedLine();
    for (const [jump] of [...starts, ...starts].map(() => [jumps.next().value as number])) {
      for (let index = jump % starts.length; index < starts.length; index += 1 + jump % 2) {
        const start = starts[index];
        const feed = log.indexOf(LINE_FEED, start);
        const bytes = log.subarray(start, feed < 0 ? log.length : feed);
        const expected = feed < 0 ? undefined : parseLogged(bytes);
        assert.equal(line.read(log, start), expected !== undefined);
        assert.deepEqual([line.isWhole, line.bytes], [expected !== undefined, bytes]);
        assert.deepEqual([line.next, line.length], [start + line.length, bytes.length + (feed < 0 ? 0 : 1)]);
        if (expected !== undefined) requireFields(line, expected);
      }
    }
  }));
});

function requireFields(line: LoggedLine, expected: LoggedOrder): void {
  const { order_id, user, item, quantity, created_at, seq, batch, topic, partition, offset, remaining } = line;
  const read = { order_id, user, item, quantity, created_at, seq, batch, topic, partition, offset, remaining };
  assert.deepEqual(line.replay_of === undefined ? read : { ...read, replay_of: line.replay_of }, expected);
  const { bytes, from, to } = line.idBytes;
  const id = Array.from({ length: to - from }, (_, index) => bytes.getUint8(from + index));
  assert.deepEqual(id, [...new TextEncoder().encode(expected.order_id)]);
}

Deno.test("LoggedLine.idBytes is the UTF-8 of the text, though the bytes of the line are none", pure, () => {
  const text = new TextEncoder().encode(USUAL.replace('"a"', '"a~"')).map((byte) => byte === 0x7e ? 0xff : byte);
  const seal = new TextEncoder().encode(`,"crc":"${crc32(text).toString(16).padStart(8, "0")}"}\n`);
  const line = new LoggedLine();
  assert.ok(line.read(Uint8Array.from([...text, ...seal]), 0));
  const { order_id, idBytes: { bytes, from, to } } = line;
  assert.equal(order_id, "a\ufffd");
  assert.deepEqual(new Uint8Array(bytes.buffer, from, to - from), new TextEncoder().encode(order_id));
});

Deno.test("LoggedLine.toOrder() gives texts of their own, which stay when the bytes are used again", pure, () => {
  const received = { order: { order_id: "o-1", user: "alice", item: "book", quantity: 1, created_at: 2 } };
  const at = { topic: "orders", partition: 0, offset: 3 };
  const log = writeOrders([{ received: { ...received, at }, remaining: 4 }], 1).bytes.slice();
  const line = new LoggedLine();
  const [first, second] = [log.slice(), log].map((bytes) => line.read(bytes, 0) && line.toOrder());
  log.fill(0x78);
  assert.deepEqual(first, { ...received.order, seq: 1, batch: 1, ...at, remaining: 4 });
  assert.deepEqual(second, first);
  assert.equal(line.read(log, 0), false);
});

Deno.test("LoggedLine.read() does not take what an array held before for what it holds now", pure, () => {
  const lineOf = (batch: string) => sealed([USUAL.replace('"batch":3', `"batch":${batch}`)]);
  const [bytes, other] = [lineOf("3"), lineOf("4")];
  const line = new LoggedLine();
  line.read(bytes, 0);
  bytes.set(other);
  line.read(bytes, 0);
  assert.equal(line.batch, 4);
});
