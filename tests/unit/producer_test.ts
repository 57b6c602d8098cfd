import assert from "node:assert/strict";
import { SENT_SCHEMA } from "../../lib/avro/order_schema.ts";
import { EXIT } from "../../lib/errors.ts";
import { ownWorld, task } from "../support/commands.ts";

/** Runs `deno task produce` on a storage with two users and one item; nothing listens at the broker's address. */
async function produce(...args: string[]) {
  using world = ownWorld();
  Deno.writeTextFileSync(`${world.storage}/users.csv`, "user,status\nalice,paid\nbob,unpaid\n");
  Deno.writeTextFileSync(`${world.storage}/inventory.csv`, "item,quantity\nbook,10\n");
  const nowhere = { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1", SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" };
  return await task("produce", args, { ...world.env, ...nowhere });
}

function lines(text: string): Record<string, unknown>[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("produce --dry-run prints orders as JSON lines without a broker, and the seed aside", async () => {
  const { code, stdout, stderr } = await produce("--dry-run", "--seed", "demo");
  assert.equal(code, EXIT.ok);
  assert.equal(stderr, "--seed demo\n");
  const orders = lines(stdout);
  assert.equal(orders.length, 5);
  for (const order of orders) {
    assert.deepEqual(Object.keys(order), SENT_SCHEMA.fields.map(({ name }) => name));
  }
});

Deno.test("produce repeats users, items and quantities with the seed it printed, ids and times are new", async () => {
  const first = await produce("--dry-run", "--count", "50");
  const again = await produce("--dry-run", "--count", "50", ...first.stderr.trim().split(" "));
  const contents = (text: string) => lines(text).map(({ user, item, quantity }) => [user, item, quantity]);
  assert.deepEqual(contents(again.stdout), contents(first.stdout));
  const ids = new Set([...lines(first.stdout), ...lines(again.stdout)].map(({ order_id }) => order_id));
  assert.equal(ids.size, 100);
});

Deno.test("produce --dry-run shows what --mix makes of each order", async () => {
  const { stdout } = await produce("--dry-run", "--count", "3", "--mix", "poison=100");
  assert.deepEqual(lines(stdout), Array(3).fill({ kind: "poison", bytes: "not an order" }));
});

Deno.test("produce refuses what makes no sense, exit 64", async () => {
  const wrong = [
    ["--delay", "1", "--rate", "5"],
    ["--rate", "0"],
    ["--rate", "NaN"],
    ["--delay", "-1"],
    ["--count", "1.5"],
    ["--count", "-1"],
    ["--key", "price"],
    ["--mix", "unpaid=101"],
    ["--mix", "typo=1"],
    ["extra"],
  ];
  for (const args of wrong) {
    const { code, stdout, stderr } = await produce("--dry-run", ...args);
    assert.deepEqual([code, stdout], [EXIT.usage, ""], args.join(" "));
    assert.match(stderr, /^error: [^\n]+\n$/);
  }
});

Deno.test("produce names bootstrap where the storage is empty, exit 78", async () => {
  using world = ownWorld();
  const { code, stderr } = await task("produce", ["--dry-run"], world.env);
  assert.equal(code, EXIT.config);
  assert.match(stderr, /users\.csv is missing.*deno task bootstrap/);
});

Deno.test("produce gives up on brokers that are not there, exit 69", async () => {
  const { code, stderr } = await produce("--count", "1");
  assert.equal(code, EXIT.unavailable);
  assert.match(stderr, /^error: Cannot reach Kafka at 127\.0\.0\.1:1: [^\n]*deno task up/);
});
