import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../../lib/errors.ts";
import { CHECKOUT } from "../../../tools/stack/folders.ts";

Deno.test("the scripts of the bench that take a folder make none of a flag", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "orders-bench-" });
  try {
    for (const script of ["make_storage", "open_storage", "checksum_log"]) {
      for (const args of [["--help"], []]) {
        const { code, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-q", "-A", join(CHECKOUT, "bench", `${script}.ts`), ...args],
          cwd: folder,
        }).output();
        assert.equal(code, EXIT.usage, script);
        assert.match(
          new TextDecoder().decode(stderr),
          /^error: The first argument must be a folder, got "(?:--help)?"\n$/,
        );
        assert.deepEqual([...Deno.readDirSync(folder)], [], script);
      }
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
