import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually, ownWorld, startTask, task } from "../support/commands.ts";

function linesOf(path: string): number {
  try {
    return Deno.readTextFileSync(path).split("\n").length - 1;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

async function ready(storage: string): Promise<void> {
  await eventually("the consumer owns the storage", () => linesOf(join(storage, ".owner.lock")) > 0 || undefined);
}

Deno.test("consume stops on SIGTERM with its work committed, and a second signal at once is the same one", async () => {
  using world = ownWorld();
  await task("bootstrap", [], world.env);
  await task("produce", ["--count", "5", "--delay", "0", "--seed", "x"], world.env);
  await using consumer = startTask("consume", [], world.env);
  await eventually(
    "five verdicts",
    () =>
      linesOf(join(world.storage, "orders.jsonl")) + linesOf(join(world.storage, "rejected.jsonl")) === 5 || undefined,
  );
  consumer.signal("SIGTERM");
  consumer.signal("SIGTERM");
  const { code, stdout } = await consumer.end;
  assert.equal(code, 0);
  assert.match(stdout, /5 orders: /);
  assert.match((await task("consume", ["--until-end"], world.env)).stdout, /^0 orders: /m);
});

Deno.test("consume refuses a second consumer of the storage or the group with 75", async () => {
  using world = ownWorld();
  using other = ownWorld();
  await task("bootstrap", [], world.env);
  await task("bootstrap", [], other.env);
  await using _first = startTask("consume", [], world.env);
  await ready(world.storage);
  const sameStorage = await task("consume", [], world.env);
  assert.equal(sameStorage.code, 75);
  assert.match(
    sameStorage.stderr,
    /^error: The storage .* is owned by process \d+.* share a database \(DATABASE_URL, docs\/SCALING\.md\)\n$/,
  );
  const sameGroup = await task("consume", [], { ...world.env, STORAGE_DIR: other.storage });
  assert.equal(sameGroup.code, 75);
  assert.match(
    sameGroup.stderr,
    /^error: The group .* is active: .* share a database \(DATABASE_URL, docs\/SCALING\.md\)\n$/,
  );
});

Deno.test("consume resumes at once after kill -9, loses nothing and deducts nothing twice", async () => {
  using world = ownWorld();
  await task("bootstrap", [], world.env);
  await task("inventory", ["update", "--item", "book", "--quantity", "100000"], world.env);
  await task("inventory", ["update", "--item", "pen", "--quantity", "100000"], world.env);
  await task("inventory", ["update", "--item", "notebook", "--quantity", "100000"], world.env);
  await task("produce", ["--count", "20000", "--delay", "0", "--mix", "duplicate=1"], world.env);
  {
    await using consumer = startTask("consume", [], world.env);
    await eventually("some orders", () => linesOf(join(world.storage, "orders.jsonl")) > 0 || undefined);
    consumer.signal("SIGKILL");
    await consumer.end;
  }
  const { code, stderr } = await task("consume", ["--until-end"], world.env);
  assert.equal(code, 0, stderr);
  const orders = Deno.readTextFileSync(join(world.storage, "orders.jsonl")).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert.equal(new Set(orders.map(({ order_id }) => order_id)).size, orders.length);
  const stock = Deno.readTextFileSync(join(world.storage, "inventory.csv")).trim().split("\n").slice(1);
  for (const row of stock) {
    const [item, quantity] = row.split(",");
    const sold = orders.filter((order) => order.item === item).reduce((sum, order) => sum + order.quantity, 0);
    assert.equal(Number(quantity), 100000 - sold, item);
  }
});

Deno.test("consume --max-messages judges and commits exactly so many", async () => {
  using world = ownWorld();
  await task("bootstrap", [], world.env);
  await task("produce", ["--count", "10", "--delay", "0"], world.env);
  assert.match((await task("consume", ["--max-messages", "4"], world.env)).stdout, /^4 orders: /m);
  assert.match((await task("consume", ["--until-end"], world.env)).stdout, /^6 orders: /m);
});

Deno.test("consume sends what is not an order to the dead-letter topic and goes on", async () => {
  using world = ownWorld();
  await task("bootstrap", [], world.env);
  await task("produce", ["--count", "10", "--delay", "0", "--mix", "poison=100"], world.env);
  await task("produce", ["--count", "2", "--delay", "0"], world.env);
  const { code, stdout } = await task("consume", ["--until-end", "--verbose"], world.env);
  assert.equal(code, 0);
  assert.match(stdout, /12 orders: .*10 dead-lettered/);
});

Deno.test("consume says in one line what is missing, with its exit code", async () => {
  using world = ownWorld();
  const missing = await task("consume", [], world.env);
  assert.equal(missing.code, 78);
  assert.match(missing.stderr, /^error: .*users\.csv is missing: run deno task bootstrap\n$/);
  await task("bootstrap", [], world.env);
  const noBroker = await task("consume", ["--brokers", "127.0.0.1:1"], world.env);
  assert.equal(noBroker.code, 69);
  assert.match(noBroker.stderr, /^error: Cannot reach Kafka at 127\.0\.0\.1:1: .*\n$/);
  const noRegistry = await task("consume", ["--registry", "http://127.0.0.1:1"], world.env);
  assert.equal(noRegistry.code, 69);
  assert.match(noRegistry.stderr, /^error: Cannot reach the Schema Registry at http:\/\/127\.0\.0\.1:1: .*\n$/);
  const typo = await task("consume", ["--until-edn"], world.env);
  assert.equal(typo.code, 64);
  assert.match(typo.stderr, /Did you mean `--until-end`\?/);
});

Deno.test("consume --reset-to shows the instant that a time or an age comes to, with its zone", async () => {
  using world = ownWorld();
  await task("bootstrap", [], world.env);
  await task("produce", ["--count", "3", "--delay", "0"], world.env);
  const reset = (where: string) => task("consume", ["--reset", "--reset-to", where, "--until-end"], world.env);
  const given = await reset("2026-01-02T03:04:05+02:00");
  assert.match(given.stdout, /^Reset of \S+ to what came at 2026-01-02T01:04:05Z or later$/m);
  assert.match(
    (await reset("15m")).stdout,
    /^Reset of \S+ to what came at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z or/m,
  );
});

Deno.test("consume --reset-to refuses an offset that looks like a time, offers the time and changes nothing", async () => {
  using world = ownWorld();
  await task("bootstrap", [], world.env);
  await task("produce", ["--count", "3", "--delay", "0"], world.env);
  for (const epoch of ["1764000000000", "1764000000"]) {
    const { code, stderr } = await task("consume", ["--reset", "--reset-to", epoch], world.env);
    assert.equal(code, 64);
    assert.match(stderr, new RegExp(`^error: ${epoch} looks like a time: use 2025-11-24T16:00:00Z \\(`));
  }
  assert.match((await task("consume", ["--until-end"], world.env)).stdout, /^3 orders: /m);
  const beyond = await task("consume", ["--reset", "--reset-to", "99", "--until-end"], world.env);
  assert.match(beyond.stdout, /99 is outside of the log/, "an offset as any other");
});
