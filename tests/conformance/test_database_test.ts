import assert from "node:assert/strict";
import { withClient } from "../../tools/stack/postgres/database.ts";
import { HAS_POSTGRES, POSTGRES_REMEDY, testDatabase } from "../support/postgres.ts";

Deno.test({
  name: `testDatabase() gives each test a database of its own, as its owner, which goes with it${POSTGRES_REMEDY}`,
  ignore: !HAS_POSTGRES,
  async fn() {
    const [first, second] = await Promise.all([testDatabase(), testDatabase()]);
    try {
      await withClient(first.url, (client) => client.query("CREATE TABLE here (a int)"));
      await assert.rejects(withClient(second.url, (client) => client.query("TABLE here")), /does not exist/);
    } finally {
      await Promise.all([first, second].map((database) => database[Symbol.asyncDispose]()));
    }
    await assert.rejects(withClient(first.url, (client) => client.query("TABLE here")), /database .* does not exist/);
  },
});
