import assert from "node:assert/strict";
import { isLoopback } from "../../lib/connections.ts";

Deno.test({
  name: "isLoopback() knows this machine by its names, and takes nothing else for it",
  permissions: "none",
  fn() {
    for (const host of ["localhost", "LOCALHOST", "127.0.0.1", "127.255.3.4", "::1", "[::1]"]) {
      assert.ok(isLoopback(host));
    }
    const others = [
      "localhost.example",
      "127.0.0.1.example",
      "127.0.0",
      "127.0.0.999",
      "10.0.0.1",
      "128.0.0.1",
      "0.0.0.0",
      "::",
      "1",
    ];
    for (const host of [...others, "x127.0.0.1", "", "localhost "]) assert.ok(!isLoopback(host), host);
  },
});
