import assert from "node:assert/strict";
import { EXIT } from "../../lib/errors.ts";
import { ownWorld, startTask, task } from "../support/commands.ts";

Deno.test("a command that is stopped before its answer says so at once, and its exit code is none of the answer's", async () => {
  using world = ownWorld();
  await task("bootstrap", [], world.env);
  // Takes connections and never says a word, so that each command waits for it.
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const env = {
    ...world.env,
    KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${silent.addr.port}`,
    DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
  };
  for (const line of ["verify", "why no-such-order", "migrate-store --to postgres"]) {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const [name, ...args] = line.split(" ");
      const database = name === "migrate-store" ? {} : { DATABASE_URL: "" };
      await using running = startTask(name, args, { ...env, ...database });
      using _connection = await silent.accept();
      running.signal(signal);
      const { code, stdout, stderr } = await running.end;
      assert.deepEqual([code, stdout, stderr], [EXIT.failed, "", "error: Stopped before it was done\n"], line);
    }
  }
});
