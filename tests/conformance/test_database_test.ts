import assert from "node:assert/strict";
import { withClient } from "../../tools/stack/postgres/database.ts";
import { postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";

postgresTest("TestDatabase gives each test a database of its own, as its owner, which goes with it", async () => {
  const [first, second] = await Promise.all([TestDatabase.empty(), TestDatabase.empty()]);
  try {
    await withClient(first.url, (client) => client.query("CREATE TABLE here (a int)"));
    await assert.rejects(withClient(second.url, (client) => client.query("TABLE here")), /does not exist/);
  } finally {
    await Promise.all([first, second].map((database) => database[Symbol.asyncDispose]()));
  }
  await assert.rejects(withClient(first.url, (client) => client.query("TABLE here")), /database .* does not exist/);
});
