import assert from "node:assert/strict";
import { withArgumentFile } from "../../../tools/stack/argument_file.ts";

Deno.test("withArgumentFile() hands arguments over unseen, and leaves no file", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const args = ["-cp", "/a b/it's.jar", "Main", 'user="x"', "back\\slash", "#no comment"];
    const text = await withArgumentFile(folder, ["java", ...args], ([java, reference]) => {
      const file = reference.slice(1);
      assert.deepEqual([java, reference[0]], ["java", "@"]);
      if (Deno.build.os !== "windows") assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
      return Promise.resolve(Deno.readTextFileSync(file));
    });
    assert.deepEqual(text.split("\n").map((line) => JSON.parse(line)), args);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
