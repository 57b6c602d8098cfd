import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { MAX_ORDER_ID_LENGTH } from "../../lib/order.ts";
import { isUuid, replayIds } from "../../lib/replay_ids.ts";

const none = { permissions: "none" } as const;

Deno.test("replayIds() makes UUIDv5 as RFC 9562 has it, whatever was asked before", none, () => {
  const idOf = replayIds("6ba7b810-9dad-11d1-80b4-00c04fd430c8"); // the namespace of DNS names in the RFC's appendix A.4
  idOf("\u{1f4d6}".repeat(MAX_ORDER_ID_LENGTH / 2));
  assert.equal(idOf("www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
});

Deno.test("replayIds() tells orders and runs apart, to the last character of the longest id", none, () => {
  const runs = [crypto.randomUUID(), crypto.randomUUID()];
  const start = "\uffff".repeat(MAX_ORDER_ID_LENGTH - 1); // three bytes each, the most that a character takes
  const ids = runs.flatMap((run) => ["a", "b", start + "a", start + "b"].map(replayIds(run)));
  assert.equal(new Set(ids).size, 8);
  assert.ok(ids.every(isUuid), String(ids));
});

Deno.test("replayIds() hashes a short plain id as it does any other", none, () => {
  const anyId = fc.oneof(fc.uuid(), fc.string({ maxLength: 45 }), fc.string({ unit: "binary", maxLength: 128 }));
  fc.assert(fc.property(fc.uuid(), fc.array(anyId), (run, ids) => {
    const expected = ids.map((id) => {
      const sha1 = createHash("sha1").update(Buffer.from(run.replaceAll("-", ""), "hex")).update(id).digest();
      sha1[6] = sha1[6] % 16 + 0x50;
      sha1[8] = sha1[8] % 64 + 0x80;
      return sha1.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    });
    assert.deepEqual(ids.map(replayIds(run)), expected);
  }));
});

Deno.test("isUuid() takes what crypto.randomUUID() makes, in capitals too, and nothing near it", none, () => {
  const uuid = crypto.randomUUID();
  for (const good of [uuid, uuid.toUpperCase()]) assert.ok(isUuid(good), good);
  const bad = ["", uuid.slice(1), `${uuid}0`, `${uuid}\n`, uuid.replaceAll("-", ""), uuid.replace(/^./, "g")];
  for (const text of bad) assert.equal(isUuid(text), false, text);
});
