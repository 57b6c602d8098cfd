import assert from "node:assert/strict";
import { join } from "node:path";
import { ownWorld, task } from "../support/commands.ts";

interface Line {
  order_id: string;
  user: string;
  item: string;
  quantity: number;
  remaining: number;
}

function acceptedIn(storage: string): Line[] {
  return Deno.readTextFileSync(join(storage, "orders.jsonl")).split("\n").filter(Boolean).map((line) =>
    JSON.parse(line)
  );
}

function stockIn(storage: string): Map<string, number> {
  const rows = Deno.readTextFileSync(join(storage, "inventory.csv")).trim().split("\n").slice(1);
  return new Map(rows.map((row) => [row.split(",")[0], Number(row.split(",")[1])]));
}

async function ok(name: string, args: string[], env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await task(name, args, env);
  assert.equal(code, 0, `deno task ${name} ${args.join(" ")}: ${stderr}`);
  return stdout + stderr;
}

Deno.test("walk-through: the seed's commands, from users to replay", async (t) => {
  using world = ownWorld();
  const { env, storage } = world;

  await t.step("tools create users and stock", async () => {
    await ok("bootstrap", [], env);
    await ok("user", ["add", "--user", "dave", "--status", "paid"], env);
    await ok("user", ["update", "--user", "dave", "--status", "unpaid"], env);
    await ok("inventory", ["add", "--item", "laptop", "--quantity", "5"], env);
    await ok("inventory", ["update", "--item", "pen", "--quantity", "100"], env);
    assert.match(await ok("user", ["show"], env), /alice +paid\nbob +unpaid\ncarol +paid\ndave +unpaid/);
    assert.match(await ok("inventory", ["show"], env), /pen +100/);
  });

  const before = stockIn(storage);
  await t.step("orders of paid users pass, stock falls by exactly what was accepted", async () => {
    assert.match(await ok("produce", ["--count", "30", "--delay", "0", "--seed", "walk"], env), /30/);
    const said = await ok("consume", ["consume", "--until-end"], env);
    const accepted = acceptedIn(storage);
    assert.ok(accepted.length > 0 && accepted.length < 30, `accepted ${accepted.length}`);
    assert.deepEqual(accepted.filter(({ user }) => user === "bob" || user === "dave"), []);
    assert.match(said, /rejected .* bob .*unpaid-user/);
    for (const [item, opening] of before) {
      const sold = accepted.filter((line) => line.item === item).reduce((sum, { quantity }) => sum + quantity, 0);
      assert.equal(stockIn(storage).get(item), opening - sold, item);
    }
  });

  await t.step("a rejected order leaves stock and log byte-identical", async () => {
    const files = ["inventory.csv", "orders.jsonl", "users.csv"].map((name) => join(storage, name));
    const bytes = files.map((file) => Deno.readTextFileSync(file));
    await ok("produce", ["--count", "5", "--delay", "0", "--mix", "unpaid=100"], env);
    assert.match(await ok("consume", ["--until-end"], env), /5 orders: 0 accepted, 5 rejected \(5 unpaid-user\)/);
    assert.deepEqual(files.map((file) => Deno.readTextFileSync(file)), bytes);
  });

  await t.step("reset to latest skips, to earliest reads again without deducting twice", async () => {
    await ok("produce", ["--count", "3", "--delay", "0"], env);
    assert.match(await ok("consume", ["--reset", "--reset-to", "latest", "--until-end"], env), /0 orders/);
    const stock = stockIn(storage);
    const accepted = acceptedIn(storage).length;
    await ok("user", ["update", "--user", "bob", "--status", "paid"], env);
    assert.match(await ok("consume", ["--reset", "--reset-to", "earliest", "--until-end"], env), /38 orders/);
    assert.ok(acceptedIn(storage).length > accepted, "orders of bob, who has paid since, are picked up");
    const again = stockIn(storage);
    for (const { item, quantity } of acceptedIn(storage).slice(accepted)) {
      stock.set(item, stock.get(item)! - quantity);
    }
    assert.deepEqual(again, stock);
  });

  await t.step("replay sends the accepted orders as new ones", async () => {
    for (const item of ["book", "pen", "notebook", "laptop"]) {
      await ok("inventory", ["update", "--item", item, "--quantity", "1000"], env);
    }
    const originals = acceptedIn(storage);
    await ok("replay", ["--delay", "0"], env);
    await ok("consume", ["--until-end"], env);
    const replayed = acceptedIn(storage).slice(originals.length) as (Line & { replay_of: string })[];
    assert.deepEqual(replayed.map((line) => line.replay_of).sort(), originals.map((line) => line.order_id).sort());
  });

  await t.step("replay --same-id moves no stock on the store that has the orders", async () => {
    const log = Deno.readTextFileSync(join(storage, "orders.jsonl"));
    await ok("replay", ["--same-id"], env);
    assert.match(await ok("consume", ["--until-end"], env), /0 accepted, \d+ rejected \(\d+ duplicate\)/);
    assert.equal(Deno.readTextFileSync(join(storage, "orders.jsonl")), log);
  });
});
