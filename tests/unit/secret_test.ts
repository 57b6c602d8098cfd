import assert from "node:assert/strict";
import { inspect } from "node:util";
import { Secret } from "../../lib/secret.ts";

Deno.test({
  name: "Secret shows its value to who asks for it and nowhere else",
  permissions: "none",
  fn() {
    const secret = new Secret("canary");
    const holder = { password: secret, list: [secret], inner: { secret } };
    const shown = [
      String(secret),
      `${secret}`,
      secret + "",
      JSON.stringify(holder),
      Deno.inspect(holder, { depth: 9, showHidden: true }),
      inspect(holder, { depth: 9, showHidden: true }),
      Object.values(secret).join(),
      new Error("Cannot log in", { cause: holder }).stack,
      Deno.inspect(new Error("Cannot log in", { cause: holder })),
    ];
    for (const text of shown) assert.ok(!text!.includes("canary"), text!);
    assert.equal(secret.reveal(), "canary");
  },
});
