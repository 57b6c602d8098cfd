import assert from "node:assert/strict";
import { EXIT } from "../../../lib/errors.ts";
import { task } from "../../support/commands.ts";

Deno.test("docs/reference.md is what the parsers of the commands say", async () => {
  const { code, stderr } = await task("reference", ["--check"], {});
  assert.equal(code, EXIT.ok, stderr);
});
