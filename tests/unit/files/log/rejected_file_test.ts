import assert from "node:assert/strict";
import fc from "fast-check";
import { storageLayout } from "../../../../lib/files/disk/layout.ts";
import { RejectedFile } from "../../../../lib/files/log/rejected_file.ts";
import type { RejectedOrder } from "../../../../lib/store_admin.ts";
import { unsealLine } from "../../../../lib/files/log/sealed_line.ts";
import type { Rejected } from "../../../../lib/verdicts.ts";
import { UNSAFE_CHARACTERS } from "../../../../lib/safe_json.ts";

const STARTED_AT = Date.now();
const anyText = fc.oneof(fc.uuid(), fc.string(), fc.string({ unit: "binary", maxLength: 300 }));
const anyRejected: fc.Arbitrary<Rejected> = fc.record({
  kind: fc.constant("rejected"),
  received: fc.record({
    order: fc.record({
      order_id: anyText,
      user: anyText,
      item: anyText,
      quantity: fc.oneof(fc.integer(), fc.constantFrom(2 ** 40, 2 ** 63, -(2 ** 63), 0.5)),
      created_at: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
    }),
    at: fc.record({ topic: fc.constant("orders"), partition: fc.nat(3), offset: fc.maxSafeNat() }),
    replayOf: fc.option(anyText, { nil: undefined }),
  }),
  reason: fc.constantFrom("unknown-user", "duplicate"),
  status: fc.option(anyText, { nil: undefined }),
  stock: fc.option(fc.maxSafeNat(), { nil: undefined }),
});

Deno.test("RejectedFile.append() writes lines that say all of it and are safe to look at", () => {
  const folder = Deno.makeTempDirSync();
  const layout = storageLayout(folder);
  try {
    fc.assert(fc.property(fc.array(anyRejected, { minLength: 1, maxLength: 10 }), (rejected) => {
      const file = new RejectedFile(layout);
      file.append(rejected);
      file.close();
      const text = Deno.readTextFileSync(layout.rejected);
      Deno.removeSync(layout.rejected);
      assert.doesNotMatch(text.replaceAll("\n", ""), UNSAFE_CHARACTERS);
      const lines = text.split("\n").slice(0, -1).map((line) => unsealLine(new TextEncoder().encode(line)));
      assert.deepEqual(lines.map(withoutTime), rejected.map(expected));
    }));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

function withoutTime(line: Record<string, unknown> | undefined): unknown {
  const { rejected_at, ...rest } = line as unknown as RejectedOrder;
  assert.ok(rejected_at >= STARTED_AT && rejected_at <= Date.now(), String(rejected_at));
  return rest;
}

/** As JSON has it, which leaves out what is undefined; no text here is long enough to be cut. */
function expected({ received: { order, at, replayOf: replay_of }, reason, status, stock }: Rejected): unknown {
  return JSON.parse(JSON.stringify({ ...order, reason, status, stock, ...at, replay_of }));
}
