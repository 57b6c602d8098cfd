import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { apiOf, framesIn, readdressed } from "../../../drill/commit_gate.ts";

function frame(body: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, Buffer.from(body, "latin1")]);
}

Deno.test("framesIn() cuts whole requests off, however they arrive", { permissions: "none" }, () => {
  const bytes = Buffer.concat([frame("one"), frame(""), frame("three")]);
  assert.deepEqual(framesIn(bytes).frames, [frame("one"), frame(""), frame("three")]);
  for (let cut = 0; cut < bytes.length; cut++) {
    const first = framesIn(bytes.subarray(0, cut));
    const second = framesIn(Buffer.concat([first.left, bytes.subarray(cut)]));
    assert.equal(Buffer.concat([...first.frames, ...second.frames]).compare(bytes), 0);
    assert.equal(second.left.length, 0);
  }
});

Deno.test("apiOf() knows a commit of offsets", { permissions: "none" }, () => {
  assert.equal(apiOf(frame("\x00\x08\x00\x02…")), 8);
});

Deno.test(
  "readdressed() changes the broker's port wherever it is named, and nothing else",
  { permissions: "none" },
  () => {
    const address = (port: number) => "127.0.0.1" + String.fromCharCode(0, 0, port >> 8, port & 255);
    const answer = (port: number) => frame(`\x00\x09${address(port)} and ${address(port)}, not ${address(9093)}`);
    const changed = readdressed(answer(9092), { from: 9092, to: 40_000 });
    assert.deepEqual(changed, answer(40_000));
  },
);
