import assert from "node:assert/strict";
import { ownWorld, task } from "../support/commands.ts";
import { postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";

/** Runs a task's command line, which has to succeed; returns what it prints. */
async function ok(line: string, env: Record<string, string>): Promise<string> {
  const [name, ...args] = line.split(" ");
  const { code, stdout, stderr } = await task(name, args, env);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout + stderr;
}

/** Lines of the table of positions and of the summary, which are about the topic, not the store. */
function positionsIn(report: string): string[] {
  return report.split("\n").filter((line) => /^(topic|test-|verify)/.test(line));
}

postgresTest(
  "a store that consume filled is moved to PostgreSQL, used there by every tool, and moved back",
  async () => {
    using world = ownWorld();
    await using database = await TestDatabase.empty();
    const files = world.env;
    const tables = { ...files, DATABASE_URL: database.url };
    await ok("bootstrap", files);
    await ok("inventory update --item pen --quantity 5000", files);
    await ok("produce --count 200 --delay 0 --mix unpaid=20,no-stock=5,duplicate=5,poison=5 --seed moved", files);
    await ok("consume --until-end", files);
    const before = positionsIn(await ok("verify", files));
    assert.match(before.at(-1)!, /^verify: ok/);

    assert.match(
      await ok("migrate-store --to postgres", tables),
      /\nThe store is in .*; the old one was set aside in /,
    );
    assert.deepEqual(positionsIn(await ok("verify", tables)), before);

    await ok("user update --user bob --status paid", tables);
    const run = "--run 11111111-2222-4333-8444-555555555555";
    const redrive = await ok(`replay --rejected --reason unpaid-user ${run} --delay 0`, tables);
    const count = Number(/Replaying (\d+) rejected orders/.exec(redrive)?.[1]);
    assert.ok(count > 10, redrive);
    assert.match(redrive, /--until \d{4}-\S+Z/);
    const resumed = await ok(`replay --rejected --reason unpaid-user ${run} --delay 0`, tables);
    assert.match(resumed, new RegExp(`Nothing to replay in .*; ${count} were sent by this run before`));
    assert.match(await ok("replay --same-id --originals", tables), /Replaying \d+ orders/);
    assert.match(await ok("produce --count 5 --delay 0", tables), /5/);
    assert.match(await ok("dlq", tables), /dead letters? in/);
    assert.match(await ok("replay --dlq --dry-run", tables), /dead letters? to/);

    assert.match(await ok("migrate-store --to files", tables), /^warning: While DATABASE_URL is set, .*: unset it/m);
    await ok("consume --until-end", files);
    assert.match(positionsIn(await ok("verify", files)).at(-1)!, /^verify: ok/);
  },
);
