import assert from "node:assert/strict";
import { join } from "node:path";
import { type Finished, ownWorld, startTask, task } from "../support/commands.ts";
import { sealLine } from "../support/seal_line.ts";

type Env = Record<string, string>;

async function setUp(env: Env): Promise<void> {
  await task("bootstrap", [], env);
  for (const item of ["book", "pen", "notebook"]) {
    await task("inventory", ["update", "--item", item, "--quantity", "1000000"], env);
  }
}

function editLine(path: string, change: (record: Record<string, unknown>) => void): void {
  const lines = Deno.readTextFileSync(path).split("\n");
  const record = JSON.parse(lines[0]);
  delete record.crc;
  change(record);
  lines[0] = sealLine(record).trimEnd();
  Deno.writeTextFileSync(path, lines.join("\n"));
}

Deno.test("verify is never falsely red while orders, tools, hand edits and resets go on", async () => {
  using world = ownWorld();
  const { env, storage } = world;
  await setUp(env);
  await using producer = startTask("produce", ["--count", "0", "--rate", "3000", "--mix", "poison=1,duplicate=2"], env);
  const reds: Finished[] = [];
  for (let round = 0; round < 3; round++) {
    await using consumer = startTask("consume", round === 1 ? ["--reset"] : [], env);
    for (let look = 0; look < 3; look++) {
      const checks = [
        task("verify", [], env),
        task("inventory", ["add", "--item", `x${round}${look}`, "--quantity", "1"], env),
      ];
      const csv = join(storage, "inventory.csv");
      Deno.writeTextFileSync(
        csv,
        Deno.readTextFileSync(csv).replace(/^pen,\d+/m, `pen,${900_000 + round * 10 + look}`),
      );
      reds.push(...(await Promise.all(checks)).filter(({ code }) => code !== 0));
    }
    consumer.signal(round === 2 ? "SIGTERM" : "SIGKILL");
    await consumer.end;
  }
  producer.signal("SIGTERM");
  await producer.end;
  assert.deepEqual(reds, []);
  assert.equal((await task("consume", ["--until-end"], env)).code, 0);
  const { code, stdout, stderr } = await task("verify", ["--json"], env);
  const { ok, faults, positions } = JSON.parse(stdout);
  assert.deepEqual([code, ok, faults], [0, true, []], stderr);
  assert.ok(positions.length === 3 && positions.every(({ records }: { records: number }) => records > 0));
});

Deno.test("verify says what is off and ends with 1", async () => {
  using world = ownWorld();
  const { env, storage } = world;
  await setUp(env);
  await task("produce", ["--count", "20", "--delay", "0", "--mix", "unpaid=20"], env);
  await task("consume", ["--until-end"], env);
  const log = join(storage, "orders.jsonl");
  const good = Deno.readTextFileSync(log);

  editLine(log, (record) => record.quantity = Number(record.quantity) + 1);
  const unbalanced = await task("verify", [], env);
  assert.equal(unbalanced.code, 1, unbalanced.stdout);
  assert.match(unbalanced.stderr, /off: number \d+: \w+ has \d+ left, the order says \d+/);
  Deno.writeTextFileSync(log, good);

  const rejected = join(storage, "rejected.jsonl");
  Deno.writeTextFileSync(rejected, Deno.readTextFileSync(rejected).split("\n").slice(1).join("\n"));
  const missing = await task("verify", [], env);
  assert.equal(missing.code, 1, missing.stdout);
  assert.match(missing.stderr, /off: \S+ partition \d offset \d+ was read but has no verdict/);
  assert.equal((await task("verify", ["--offline"], env)).code, 0, "the balance alone is right");
});

Deno.test("why tells where an order lies, what was seen and what came of it", async () => {
  using world = ownWorld();
  const { env, storage } = world;
  await setUp(env);
  await task("produce", ["--count", "6", "--delay", "0", "--mix", "unpaid=50", "--seed", "why"], env);
  await task("consume", ["--until-end"], env);
  const first = (name: string) => JSON.parse(Deno.readTextFileSync(join(storage, name)).split("\n")[0]);
  await task("replay", [], env);
  await task("consume", ["--until-end"], env);

  const accepted = await task("why", [first("orders.jsonl").order_id], env);
  assert.equal(accepted.code, 0, accepted.stderr);
  assert.match(accepted.stdout, /: accepted\n/);
  assert.match(accepted.stdout, /accepted {3}as number \d+, from \S+ partition \d offset \d+ \(schema \d+, key \w+\)/);
  assert.match(accepted.stdout, /seen {7}\w+ was paid, stock of \w+ was \d+, left \d+/);
  assert.match(accepted.stdout, /replayed {3}as [0-9a-f-]{36}, accepted as number \d+/);

  const refused = await task("why", [first("rejected.jsonl").order_id], env);
  assert.match(refused.stdout, /: rejected, unpaid-user\n/);
  const unknown = await task("why", ["no-such-order"], env);
  assert.deepEqual([unknown.code, /nothing is known about it/.test(unknown.stdout)], [1, true]);

  const sent = await task("produce", ["--count", "1", "--delay", "0", "--mix", "unpaid=0"], env);
  const [waiting] = /^[0-9a-f-]{36}/m.exec(sent.stdout)!;
  assert.match(
    (await task("why", [waiting], env)).stdout,
    /: no verdict yet\n {2}waiting {4}in \S+ partition \d offset/,
  );
  const part = await task("why", [waiting.slice(0, 8)], env);
  assert.deepEqual([part.code, /nothing is known about it/.test(part.stdout)], [1, true], "a part of an id is none");

  const json = JSON.parse((await task("why", ["--json", first("orders.jsonl").order_id], env)).stdout);
  assert.equal(json.replays.length, 1);
});
