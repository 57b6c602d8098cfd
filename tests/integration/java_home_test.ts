import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import { task } from "../support/commands.ts";

/** A JAVA_HOME whose java says that it is of version 11. */
function oldJava(): string {
  const home = Deno.makeTempDirSync({ prefix: "old java " });
  Deno.mkdirSync(join(home, "bin"));
  Deno.writeTextFileSync(join(home, "bin", "java"), `#!/bin/sh\necho 'openjdk version "11.0.2" 2019-01-15' >&2\n`, {
    mode: 0o755,
  });
  return home;
}

Deno.test("a JAVA_HOME that is missing or too old is named as the cause, with what to do", async (t) => {
  const old = oldJava();
  const dataDir = Deno.makeTempDirSync();
  const nobody = { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:9", SCHEMA_REGISTRY_URL: "http://127.0.0.1:9" };
  try {
    for (const [home, says] of [["/gone", "where bin/java does not run"], [old, "which is Java 11"]]) {
      const cause = `JAVA_HOME is ${home}, ${says}: set it to the folder of Java 17 or later, or unset it`;
      await t.step(`up() with a JAVA_HOME ${says}`, async () => {
        const { code, stderr } = await task("up", ["--local", "--data-dir", dataDir], { JAVA_HOME: home });
        assert.deepEqual([code, stderr.split("\n").length], [EXIT.config, 2], stderr);
        assert.ok(stderr.includes(cause), stderr);
      });
      await t.step(`doctor() with a JAVA_HOME ${says}`, async () => {
        const { code, stdout } = await task("doctor", [], { JAVA_HOME: home, ...nobody });
        assert.equal(code, EXIT.failed);
        const line = stdout.split("\n").find((line) => /^\w+ +java /.test(line)) ?? "";
        assert.ok(line.includes(cause), stdout);
      });
    }
  } finally {
    Deno.removeSync(old, { recursive: true });
    Deno.removeSync(dataDir, { recursive: true });
  }
});
