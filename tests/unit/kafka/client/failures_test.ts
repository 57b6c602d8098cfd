import assert from "node:assert/strict";
import { EXIT } from "../../../../lib/errors.ts";
import { notAlone } from "../../../../lib/kafka/client/failures.ts";

Deno.test("notAlone() says what a person can do about it with what is there", () => {
  const { exit, message } = notAlone("g");
  assert.equal(exit, EXIT.busy);
  assert.match(
    message,
    /^The group g has another member already, and a group takes one consumer: stop it first, give this one/,
  );
  assert.match(message, /\(--group, STORAGE_DIR\), or let them share a database \(DATABASE_URL, docs\/SCALING\.md\)$/);
});
