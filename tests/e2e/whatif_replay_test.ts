import { postgresTest } from "../support/postgres.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { replayIds } from "../../lib/replay_ids.ts";
import { eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { withConnection } from "../faults/postgres_invariant.ts";
import { TestDatabase } from "../support/postgres_database.ts";

const RUN = "11111111-2222-4333-8444-555555555555";

type Env = Record<string, string>;

interface Accepted {
  order_id: string;
  replay_of?: string | null;
}

/** A topic, a group and a store of a test's own, with the sample users and items. */
interface World extends AsyncDisposable {
  env: Env;
  /** The storage folder, in which altered files may be read. */
  folder: string;
  /** In the order they were accepted, but for those of one batch. */
  accepted(): Promise<Accepted[]>;
}

async function inFolder(): Promise<World> {
  const { env, storage, ...world } = ownWorld();
  await ok("bootstrap", [], env);
  const accepted = () => {
    const lines = Deno.readTextFileSync(join(storage, "orders.jsonl")).split("\n").slice(0, -1);
    return Promise.resolve(lines.map((line) => JSON.parse(line)));
  };
  return { env, folder: storage, accepted, [Symbol.asyncDispose]: () => Promise.resolve(world[Symbol.dispose]()) };
}

async function inDatabase(): Promise<World> {
  const world = ownWorld();
  const database = await TestDatabase.empty();
  const env: Env = { ...world.env, DATABASE_URL: database.url };
  await ok("bootstrap", [], env);
  return {
    env,
    folder: world.storage,
    accepted: () =>
      withConnection(
        database.url,
        async (client) =>
          (await client.query('SELECT order_id, replay_of FROM orders ORDER BY accepted_at, partition, "offset"')).rows,
      ),
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      world[Symbol.dispose]();
    },
  };
}

async function ok(name: string, args: string[], env: Env): Promise<string> {
  const { code, stdout, stderr } = await task(name, args, env);
  assert.equal(code, 0, `deno task ${name} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Bytes of all files but the locks, which are empty. */
function filesIn(folder: string): Map<string, string> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  return new Map(names.map((name) => [name, Deno.readTextFileSync(join(folder, name))]));
}

function e2e(
  store: string,
  create: () => Promise<World>,
  register: (name: string, run: (t: Deno.TestContext) => Promise<void>) => void,
): void {
  register(
    `${store}: whatif differs in nothing with what was, in what was altered else, and writes nothing`,
    async (t) => {
      await using world = await create();
      const { env, folder } = world;
      const mix = "unpaid=20,unknown-user=10,unknown-item=5,no-stock=5,duplicate=5";
      await ok("produce", ["--count", "200", "--delay", "0", "--seed", "whatif", "--mix", mix], env);
      await ok("consume", ["--until-end"], env);
      const files = store === "folder" ? filesIn(folder) : undefined;
      const [users, inventory] = [join(folder, "altered-users.csv"), join(folder, "altered-inventory.csv")];
      Deno.writeTextFileSync(users, "user,status\nalice,paid\nbob,unpaid\ncarol,paid\n");
      Deno.writeTextFileSync(inventory, "item,quantity\nbook,10\npen,50\nnotebook,20\n");
      const whatIf = async (...flags: string[]) => JSON.parse(await ok("whatif", [...flags, "--json"], env));

      await t.step("nothing differs with the files as they were", async () => {
        const { judged, different, orders } = await whatIf("--users", users, "--inventory", inventory);
        assert.deepEqual([judged, different, orders], [200, 0, []]);
      });

      await t.step("with another file the verdicts differ that it would have changed", async () => {
        Deno.writeTextFileSync(users, "user,status\nalice,paid\nbob,paid\ncarol,paid\n");
        Deno.writeTextFileSync(inventory, "item,quantity\nbook,1000\npen,1000\nnotebook,1000\n");
        const { changes, items, orders, edited_since } = await whatIf(
          "--users",
          users,
          "--inventory",
          inventory,
          "--limit",
          "3",
        );
        const kinds = changes.map(({ was, would_be }: { was: string; would_be: string }) => `${was} -> ${would_be}`);
        for (const kind of ["insufficient-stock -> accepted", "unpaid-user -> accepted"]) {
          assert.ok(kinds.includes(kind));
        }
        const starts = items.map(({ item, start }: { item: string; start: object }) => [item, start]);
        assert.deepEqual(Object.fromEntries(starts), {
          book: { was: 10, would_be: 1000 },
          pen: { was: 50, would_be: 1000 },
          notebook: { was: 20, would_be: 1000 },
        });
        assert.deepEqual([orders.length, edited_since], [3, []]);
        const said = await ok("whatif", ["--users", users, "--limit", "1"], env);
        assert.match(said, /^200 orders judged: \d+ would be judged otherwise\n\nverdict +would be +orders\n/);
        assert.match(said, /\nunpaid-user +accepted +\d+\n/);
        assert.match(said, /; --limit \d+ shows them all\n$/);
      });

      await t.step("a user whose status was edited since is shown as such", async () => {
        await ok("user", ["update", "--user", "bob", "--status", "paid"], env);
        const { edited_since } = await whatIf("--users", users);
        const [{ user, was, now }] = edited_since;
        assert.deepEqual([edited_since.length, user, was, now], [1, "bob", "unpaid", "paid"]);
        assert.equal((await whatIf("--since", "1s")).judged, 0);
      });

      await t.step("a file that cannot be used is refused in one line", async () => {
        const bad = join(folder, "bad.csv");
        const refused = async (contents: string, flag: string, exit: number, why: RegExp) => {
          Deno.writeTextFileSync(bad, contents);
          const { code, stdout, stderr } = await task("whatif", [flag, bad], env);
          assert.deepEqual([code, stdout], [exit, ""], stderr);
          assert.match(stderr, why);
        };
        await refused("user,status\nalice\n", "--users", 65, /^error: Cannot read \S+bad\.csv: line 2 .*\n$/);
        await refused("item,quantity\npen,-1\n", "--inventory", 65, /line 2 has the quantity "-1"/);
        await refused("item,quantity,as_of\npen,1,99999\n", "--inventory", 65, /"pen".* leave as_of blank/);
        const missing = await task("whatif", ["--users", join(folder, "none.csv")], env);
        assert.deepEqual(
          [missing.code, missing.stderr],
          [78, `error: Cannot read ${join(folder, "none.csv")} (--users): it is not there\n`],
        );
        const outside = Deno.makeTempFileSync();
        const denied = await task("whatif", ["--users", outside], env);
        assert.deepEqual(denied.code, 78);
        assert.match(denied.stderr, /this task is granted its storage folder only: put it there/);
        Deno.removeSync(outside);
      });

      await t.step("nothing was written", () => {
        if (files === undefined) return;
        const after = filesIn(folder);
        for (const name of ["orders.jsonl", "rejected.jsonl", "stock_edits.jsonl", "inventory.csv"]) {
          assert.equal(after.get(name), files.get(name), name);
        }
      });
    },
  );

  register(
    `${store}: a replay killed while a consumer runs is resumed, and places each order of its slice once`,
    async () => {
      await using world = await create();
      const { env } = world;
      for (const item of ["book", "pen", "notebook"]) {
        await ok("inventory", ["update", "--item", item, "--quantity", "100000"], env);
      }
      await ok("produce", ["--count", "60", "--rate", "50", "--mix", "unpaid=0"], env);
      await ok("consume", ["--until-end"], env);
      const originals = (await world.accepted()).map(({ order_id }) => order_id);
      await using consumer = startTask("consume", [], env);
      let resume: string[];
      {
        const flags = ["--speed", "0.01", "--max-gap", "1s", "--item", "pen", "--run", RUN, "--json"];
        await using replay = startTask("replay", flags, env);
        await eventually(
          "two replayed orders accepted",
          async () => (await world.accepted()).length >= originals.length + 2,
        );
        replay.signal("SIGKILL");
        resume = /with (.*?);/.exec((await replay.end).stderr)![1].split(" ");
      }
      // Accepted after the replay began, so not in its slice.
      await ok("produce", ["--count", "20", "--delay", "0", "--mix", "unpaid=0"], env);
      const others = (accepted: Accepted[]) => accepted.filter(({ replay_of }) => (replay_of ?? null) === null);
      await eventually(
        "the new ones are accepted",
        async () => others(await world.accepted()).length > originals.length,
      );
      const unhurried = resume.slice(0, resume.indexOf("--speed"));
      const { total, placed_before } = JSON.parse(await ok("replay", [...unhurried, "--json"], env));
      assert.ok(placed_before >= 2, `${placed_before} were placed before`);
      const replays = (accepted: Accepted[]) => accepted.filter(({ replay_of }) => (replay_of ?? null) !== null);
      await eventually(
        "the rest is accepted",
        async () => replays(await world.accepted()).length >= total + placed_before,
      );
      const placed = replays(await world.accepted());
      assert.equal(new Set(placed.map(({ replay_of }) => replay_of)).size, placed.length, "each once");
      assert.ok(placed.every(({ replay_of }) => originals.includes(replay_of!)), "none of later");
      for (const { order_id, replay_of } of placed) assert.equal(order_id, replayIds(RUN)(replay_of!));
      consumer.signal("SIGTERM");
      assert.equal((await consumer.end).code, 0);
      const again = await task("replay", [...unhurried, "--dry-run"], env);
      assert.match(again.stderr, /^Nothing to replay .*; \d+ were placed by this run before$/m);
      await ok("verify", [], env);
    },
  );
}

e2e("folder", inFolder, Deno.test);
e2e("database", inDatabase, postgresTest);
