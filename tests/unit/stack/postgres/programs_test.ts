import assert from "node:assert/strict";
import { EXIT, Failure } from "../../../../lib/errors.ts";
import { platformOf } from "../../../../tools/stack/postgres/programs.ts";

Deno.test("platformOf() names the artifact for a machine", { permissions: { read: true } }, () => {
  assert.equal(platformOf({ os: "linux", arch: "x86_64" }), "linux-amd64");
  assert.equal(platformOf({ os: "darwin", arch: "aarch64" }), "darwin-arm64v8");
});

Deno.test("platformOf() says what to do where there is none", { permissions: { read: true } }, () => {
  assert.throws(
    () => platformOf({ os: "windows", arch: "x86_64" }),
    (error) => error instanceof Failure && error.exit === EXIT.config && /--docker.*DATABASE_URL/.test(error.message),
  );
});
