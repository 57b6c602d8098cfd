import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { LoggedLineReader, parseLogged } from "../../../../lib/files/log/logged_line.ts";
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
  const reader = new LoggedLineReader();
  return outcomes(() => {
    const orders = [];
    for (let at = 0; at < bytes.length; at = reader.next) orders.push(reader.read(bytes, at));
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
const anyLog = fc.array(anyAcceptance, { maxLength: 20 }).map((acceptances) =>
  writeOrders(acceptances, 7).bytes.slice()
);

Deno.test("LoggedLineReader.read() reads what parseLogged() reads, in one log after the other", pure, () => {
  fc.assert(fc.property(anyLog, (log) => assert.deepEqual(readByBytes(log), readByJson(log))));
});

Deno.test("LoggedLineReader.read() finds the same damage as parseLogged()", pure, () => {
  const damage = fc.record({ at: fc.nat(), cut: fc.nat(40), put: fc.uint8Array({ maxLength: 20 }) });
  fc.assert(
    fc.property(anyLog, fc.array(damage, { minLength: 1, maxLength: 3 }), (log, damages) => {
      for (const { at, cut, put } of damages) {
        const from = at % (log.length + 1);
        log = Uint8Array.from([...log.subarray(0, from), ...put, ...log.subarray(from + cut)]);
      }
      assert.deepEqual(readByBytes(log), readByJson(log));
    }),
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
const anySealed = fc.oneof(
  anyPieces.map((pieces) => pieces.join("")),
  fc.tuple(fc.nat(USUAL.length), fc.nat(3), anyPieces).map(([at, cut, [piece = ""]]) =>
    USUAL.slice(0, at) + piece + USUAL.slice(at + cut)
  ),
  anyPieces.map((pieces) => USUAL + pieces.slice(0, 2).join("")),
  fc.constantFrom("1", "", "01", "-1", "1.0", "1e3", "1234567890123456").map((number) =>
    USUAL.replace("1,", `${number},`)
  ),
);

Deno.test("LoggedLineReader.read() agrees with parseLogged() on any JSON or none under a right checksum", pure, () => {
  fc.assert(
    fc.property(fc.array(anySealed, { minLength: 1, maxLength: 4 }), (records) => {
      const lines = records.map((text) => `${text},"crc":"${crc32(text).toString(16).padStart(8, "0")}"}\n`);
      const log = new TextEncoder().encode(lines.join(""));
      assert.deepEqual(readByBytes(log), readByJson(log));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("LoggedLineReader.read() gives texts of their own, which stay when the bytes are used again", pure, () => {
  const received = { order: { order_id: "o-1", user: "alice", item: "book", quantity: 1, created_at: 2 } };
  const at = { topic: "orders", partition: 0, offset: 3 };
  const log = writeOrders([{ received: { ...received, at }, remaining: 4 }], 1).bytes.slice();
  const reader = new LoggedLineReader();
  const [first, second] = [log.slice(), log].map((bytes) => reader.read(bytes, 0));
  log.fill(0x78);
  assert.deepEqual(first, { ...received.order, seq: 1, batch: 1, ...at, remaining: 4 });
  assert.deepEqual(second, first);
  assert.equal(reader.read(log, 0), undefined);
});
