import assert from "node:assert/strict";
import { join } from "node:path";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { exists as isThere } from "../../lib/files/disk/exists.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { valueSubject } from "../../lib/topics.ts";
import { eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { testKafka, testRegistry } from "../support/kafka.ts";
import { sendRaw, wireOrder } from "../support/raw_records.ts";

const USERS = "user,status\nalice,paid\n";
const STOCK = "item,quantity\nbook,10\n";

interface Damage {
  row: string;
  file: "users.csv" | "inventory.csv";
  /** The bytes, undefined for a file that is not there, or a folder in its place. */
  contents: string | Uint8Array | undefined | "folder";
  says: RegExp;
  exit: 65 | 78;
}

const users = (row: string, contents: Damage["contents"], says: RegExp): Damage => (
  { row, file: "users.csv", contents, says, exit: 65 }
);
const stock = (row: string, contents: Damage["contents"], says: RegExp): Damage => (
  { row, file: "inventory.csv", contents, says, exit: 65 }
);

const DAMAGES: Damage[] = [
  users("an unclosed quote", 'user,status\nalice,paid\n"bob,paid\n', /users\.csv: line 3 has a quote that is never/),
  users("a missing header", "alice,paid\n", /users\.csv: line 1 lacks the column "user"/),
  users("an empty file", "", /users\.csv: line 1 lacks the header/),
  users("too few columns", "user,status\nalice\n", /users\.csv: line 2 has 1 column, expected 2/),
  users("too many columns", "user,status\nalice,paid,x\n", /users\.csv: line 2 has 3 columns, expected 2/),
  users("a duplicate row", "user,status\nalice,paid\nalice,unpaid\n", /users\.csv: line 3 repeats "alice" of line 2/),
  users("bytes that are not UTF-8", Uint8Array.from([...new TextEncoder().encode(USERS), 0xff]), /line 3 is not UTF-8/),
  stock(
    "a negative stock",
    "item,quantity\nbook,-1\n",
    /inventory\.csv: line 2 has the quantity "-1", expected a whole/,
  ),
  stock("a blank stock", "item,quantity\nbook,\n", /inventory\.csv: line 2 has the quantity "", expected a whole/),
  stock("a fractional stock", "item,quantity\nbook,1.5\n", /inventory\.csv: line 2 has the quantity "1\.5"/),
  stock("a stock in another script", "item,quantity\nbook,１０\n", /inventory\.csv: line 2 has the quantity "１０"/),
  { row: "a missing users.csv", file: "users.csv", contents: undefined, says: /users\.csv is missing/, exit: 78 },
  {
    row: "a missing inventory.csv",
    file: "inventory.csv",
    contents: undefined,
    says: /inventory\.csv is missing/,
    exit: 78,
  },
  {
    row: "a folder instead of users.csv",
    file: "users.csv",
    contents: "folder",
    says: /users\.csv cannot be read/,
    exit: 78,
  },
];

function put(path: string, contents: Damage["contents"]): void {
  if (isThere(path)) Deno.removeSync(path, { recursive: true });
  if (contents === "folder") Deno.mkdirSync(path);
  else if (typeof contents === "string") Deno.writeTextFileSync(path, contents);
  else if (contents !== undefined) Deno.writeFileSync(path, contents);
}

function verdicts(storage: string): number {
  return text(storage, "orders.jsonl").split("\n").length - 1;
}

function text(storage: string, name: string): string {
  const path = join(storage, name);
  return isThere(path) ? bytesAsText(path) : "";
}

Deno.test("consume pauses at a damaged file, names file and line, and goes on once it is fixed", async (t) => {
  await using world = await ownTopic();
  const { env, storage, sendOrder } = world;
  const said = `${storage}.stderr`;
  const consumer = startTask("consume", [], env, ["sh", "-c", 'exec "$@" 2>"$0"', said]);
  try {
    await sendOrder();
    await eventually("the first verdict", () => verdicts(storage) === 1 || undefined);
    await eventually("the checkpoint", () => /,9,/.test(text(storage, "inventory.csv")) || undefined);
    const good = { "users.csv": text(storage, "users.csv"), "inventory.csv": text(storage, "inventory.csv") };
    put(join(storage, DAMAGES[0].file), DAMAGES[0].contents);
    await sendOrder();
    for (const { row, file, contents, says } of DAMAGES) {
      await t.step(row, async () => {
        const already = Deno.readTextFileSync(said).length;
        put(join(storage, file), contents);
        // Only now, so that the order waits all the time.
        const other = file === "users.csv" ? "inventory.csv" : "users.csv";
        put(join(storage, other), good[other]);
        await eventually(`the consumer says ${says}`, () => {
          return says.test(Deno.readTextFileSync(said).slice(file === DAMAGES[0].file ? 0 : already)) || undefined;
        });
        assert.equal(verdicts(storage), 1, "no verdict meanwhile");
      });
    }
    for (const [file, contents] of Object.entries(good)) put(join(storage, file), contents);
    await eventually("the verdict, once all is fixed", () => verdicts(storage) === 2 || undefined);
    await eventually("it says that it goes on", () => /Going on/.test(Deno.readTextFileSync(said)) || undefined);
  } finally {
    consumer.signal("SIGTERM");
    const { code } = await consumer.end;
    assert.equal(code, 0, Deno.readTextFileSync(said));
    Deno.removeSync(said);
  }
  assert.match(text(storage, "inventory.csv"), /book,8,/);
});

Deno.test("consume and the tools end with 65 or 78 at a damaged file, name it, and touch nothing", async (t) => {
  using world = ownWorld();
  const { env, storage } = world;
  for (const { row, file, contents, says, exit } of DAMAGES) {
    await t.step(row, async () => {
      Deno.writeTextFileSync(join(storage, "users.csv"), USERS);
      Deno.writeTextFileSync(join(storage, "inventory.csv"), STOCK);
      put(join(storage, file), contents);
      const before = [...Deno.readDirSync(storage)].map(({ name }) => name);
      const commands = [file === "users.csv" ? ["user", "show"] : ["inventory", "show"]];
      // It asks for broker and registry too, which takes a while; what it does with files is the same for all.
      if (row === DAMAGES[0].row || exit === 78) commands.push(["consume"]);
      for (const [name, ...args] of commands) {
        const { code, stderr } = await task(name, args, env);
        assert.equal(code, exit, stderr);
        assert.match(stderr, says);
        assert.match(stderr, /^error: .*\n$/m, "one line");
      }
      if (typeof contents === "string" && contents !== "folder") assert.equal(text(storage, file), contents);
      if (contents === undefined) assert.ok(!before.includes(file) && !isThere(join(storage, file)), "never recreated");
    });
  }
});

Deno.test("consume and the tools keep the style of the files they edit, and a symlink", async () => {
  await using world = await ownTopic();
  const { env, storage, sendOrder } = world;
  const file = (name: string) => join(storage, name);
  Deno.mkdirSync(file("kept"));
  Deno.writeTextFileSync(
    file("kept/users.csv"),
    '\ufeffuser,note,status\r\nalice,"a, ""b""",paid\r\n"bob","x\ny",unpaid\r\n,,\r\n\r\n',
  );
  Deno.writeTextFileSync(file("kept/stock.csv"), '\ufeffitem,quantity\r\n"book","10"\r\n,\r\n=cmd(),5\r\n\r\n,\r\n');
  for (const [name, target] of [["users.csv", "kept/users.csv"], ["inventory.csv", "kept/stock.csv"]]) {
    Deno.removeSync(file(name));
    Deno.symlinkSync(target, file(name));
  }
  await sendOrder();
  const consumed = await task("consume", ["--until-end"], env);
  assert.equal(consumed.code, 0, consumed.stderr);
  const updated = await task("user", ["update", "--user", "bob", "--status", "paid"], env);
  assert.equal(updated.code, 0, updated.stderr);
  for (const name of ["users.csv", "inventory.csv"]) assert.ok(Deno.lstatSync(file(name)).isSymlink, name);
  assert.equal(
    bytesAsText(file("kept/users.csv")),
    '\ufeffuser,note,status\r\nalice,"a, ""b""",paid\r\n"bob","x\ny",paid\r\n,,\r\n\r\n',
  );
  const stock = bytesAsText(file("kept/stock.csv")).replaceAll(/,\d+\r/g, ",N\r");
  assert.equal(stock, '\ufeffitem,quantity,as_of\r\n"book","9",N\r\n,\r\n=cmd(),5,N\r\n\r\n,\r\n');
});

/** A topic and a storage with a paid user and stock, and orders of that user's. */
async function ownTopic() {
  const world = ownWorld();
  const { ORDERS_TOPIC: topic } = world.env;
  Deno.writeTextFileSync(join(world.storage, "users.csv"), USERS);
  Deno.writeTextFileSync(join(world.storage, "inventory.csv"), STOCK);
  await ensureTopics(testKafka(), topic);
  const schemaId = await registerOrderSchema(testRegistry(), valueSubject(topic));
  const sendOrder = async () => {
    const order = { order_id: crypto.randomUUID(), user: "alice", item: "book", quantity: 1, created_at: 1 };
    await sendRaw(topic, [{ value: wireOrder(schemaId, order) }]);
  };
  return { ...world, sendOrder, [Symbol.asyncDispose]: () => Promise.resolve(world[Symbol.dispose]()) };
}

function bytesAsText(path: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Deno.readFileSync(path));
}
