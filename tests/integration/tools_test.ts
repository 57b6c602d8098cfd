import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { requireBalance, TestStorage } from "../support/storage.ts";
import { ok, refused } from "../support/task_lines.ts";

Deno.test("tools: the seed's walk-through", async () => {
  await using storage = TestStorage.of({});
  const { folder } = storage;
  assert.match(await ok(folder, "bootstrap"), /alice paid, bob unpaid, carol paid, book 10, pen 50, notebook 20\n$/);
  assert.match(await ok(folder, "bootstrap"), /^Nothing to add/);
  assert.equal(await ok(folder, "user add --user dave --status paid"), "Added user dave: paid\n");
  assert.equal(await ok(folder, "user update --user bob --status paid"), "Updated user bob: paid\n");
  assert.equal(await ok(folder, "inventory add --item laptop --quantity 5"), "Added item laptop: 5\n");
  assert.equal(await ok(folder, "inventory update --item pen --quantity 100"), "Updated item pen: 50 -> 100\n");
  assert.equal(await ok(folder, "inventory update --item pen --quantity 0"), "Updated item pen: 100 -> 0\n");
  assert.equal(storage.text("users.csv"), "user,status\nalice,paid\nbob,paid\ncarol,paid\ndave,paid\n");
  assert.match(await ok(folder, "user show"), /^user +status\nalice +paid\nbob +paid\ncarol +paid\ndave +paid\n$/);
  assert.match(await ok(folder, "inventory show"), /^item +quantity\nbook +10\npen +0\nnotebook +20\nlaptop +5\n$/);
  assert.deepEqual(JSON.parse(await ok(folder, "inventory show --json"))[3], { item: "laptop", quantity: 5 });
  assert.deepEqual(JSON.parse(await ok(folder, "user show --json"))[1], { user: "bob", status: "paid" });
  assert.match(await ok(folder, "bootstrap"), /^Nothing to add/, "rows that are there stay");
  assert.deepEqual(requireBalance(storage), { book: 10, pen: 0, notebook: 20, laptop: 5 });
});

Deno.test("tools refuse what exists, what is unknown and what is not a name with 64, and change nothing", async () => {
  await using storage = await TestStorage.create();
  const before = ["users.csv", "inventory.csv", "stock_edits.jsonl"].map((name) => storage.text(name));
  const { folder } = storage;
  assert.match(
    await refused(folder, "user add --user alice --status paid", 64),
    /"alice" exists; change it with deno task user update/,
  );
  assert.match(
    await refused(folder, "user update --user eve --status paid", 64),
    /no user "eve"; add it with deno task user add/,
  );
  assert.match(await refused(folder, "user add --user eve --status Paid", 64), /Expected one of "paid" and "unpaid"/);
  assert.match(
    await refused(folder, "inventory add --item pen --quantity 1", 64),
    /"pen" exists; change it with deno task inventory update/,
  );
  assert.match(
    await refused(folder, "inventory update --item x --quantity 1", 64),
    /no item "x"; add it with deno task inventory add/,
  );
  for (const name of ["", "x".repeat(257), "a\x1b[2J", "a\u202eb", "a\u200bb", "a\nb", "\ufffd"]) {
    assert.match(await refused(folder, ["user", "add", "--user", name, "--status", "paid"], 64), /A name has 1-256/);
    assert.match(
      await refused(folder, ["inventory", "add", "--item", name, "--quantity", "1"], 64),
      /A name has 1-256/,
    );
  }
  assert.deepEqual(["users.csv", "inventory.csv", "stock_edits.jsonl"].map((name) => storage.text(name)), before);
});

Deno.test("tools refuse bytes that are not text as a name: a lone surrogate, half a character", async () => {
  await using storage = await TestStorage.create();
  const before = storage.text("users.csv");
  for (const bytes of ["\\355\\240\\200", "\\303", "\\377"]) {
    const line = `exec "$0" task -q user add --status paid --user "$(printf 'a${bytes}')"`;
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", line, Deno.execPath()],
      cwd: CHECKOUT,
      env: { STORAGE_DIR: storage.folder, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    assert.equal(code, 64);
    assert.match(new TextDecoder().decode(stderr), /^error: A name has 1-256 characters.*\n$/);
  }
  assert.equal(storage.text("users.csv"), before);
});

Deno.test("tools refuse a quantity that is not a whole number from 0 to 2^31 - 1 with 64", async () => {
  await using storage = await TestStorage.create();
  const wrong = [
    "NaN",
    "1.5",
    "2147483648",
    "1e21",
    "1e3",
    "0x10",
    "１２",
    "-1",
    "+1",
    "",
    " ",
    "1 ",
    "Infinity",
    "1_0",
  ];
  for (const quantity of wrong) {
    await refused(storage.folder, ["inventory", "update", "--item", "pen", "--quantity", quantity], 64);
  }
  assert.equal(storage.stock().pen, 50);
  await ok(storage.folder, "inventory update --item pen --quantity 2147483647");
  assert.equal(storage.stock().pen, 2 ** 31 - 1);
});

Deno.test("tools take special names for ordinary ones and keep them to the byte", async () => {
  await using storage = await TestStorage.create();
  const names = ["__proto__", "constructor", "../x", "=cmd()", "+1", "-x", "@a", 'a "b", c', "cafe\u0301"];
  for (const name of names) {
    await ok(storage.folder, ["inventory", "add", "--item", name, "--quantity", "1"]);
    await ok(storage.folder, ["user", "add", "--user", name, "--status", "paid"]);
  }
  const items: { item: string }[] = JSON.parse(await ok(storage.folder, "inventory show --json"));
  const users: { user: string }[] = JSON.parse(await ok(storage.folder, "user show --json"));
  assert.deepEqual(items.map(({ item }) => item), ["book", "pen", ...names]);
  assert.deepEqual(users.map(({ user }) => user), ["alice", "bob", ...names]);
  await refused(storage.folder, ["user", "add", "--user", "caf\u00e9", "--status", "paid"], 64);
});

Deno.test("tools say what they take, and what was probably meant", async () => {
  await using storage = await TestStorage.create();
  const { folder } = storage;
  for (const name of ["user", "inventory", "bootstrap"]) {
    const help = await ok(folder, [name, "--help"]);
    assert.match(help, new RegExp(`Usage: deno task ${name}`));
    assert.match(help, new RegExp(`Examples:\\n +deno task ${name}`));
  }
  assert.equal(await ok(folder, "user -- show"), await ok(folder, "user show"), "a literal -- is dropped");
  assert.match(await refused(folder, "bootstrap --forc", 64), /Did you mean `--force`\?/);
  assert.match(await refused(folder, "inventory shwo", 64), /Did you mean `show`\?/);
  assert.match(await refused(folder, "user show alice", 64), /see deno task user --help/);
  await refused(folder, "user", 64);
});

Deno.test({
  name: "tools suggest the flag of a subcommand that was probably meant",
  async fn() {
    await using storage = await TestStorage.create();
    const { folder } = storage;
    assert.match(await refused(folder, "inventory add --item x --quantiy 1", 64), /Did you mean `--quantity`\?/);
    assert.match(await refused(folder, "user add --usr x --status paid", 64), /Did you mean `--user`\?/);
    assert.match(await refused(folder, "user add --user x --status paidd", 64), /Did you mean/);
  },
});

Deno.test("tools end with 78 where files are missing and 65 where one does not parse, and touch nothing", async () => {
  await using storage = await TestStorage.create();
  const { folder } = storage;
  assert.match(await refused(join(folder, "none"), "inventory show", 78), /is missing: run deno task bootstrap/);
  assert.match(await refused(join(folder, "none"), "user show", 78), /is missing: run deno task bootstrap/);
  storage.save("inventory.csv", "item,quantity,as_of\nbook,ten,2\n");
  const files = storage.files();
  assert.match(await refused(folder, "inventory show", 65), /inventory\.csv: line 2 has the quantity "ten"/);
  assert.match(await refused(folder, "inventory update --item book --quantity 1", 65), /line 2/);
  storage.save("users.csv", "user,status\nalice\n");
  assert.match(await refused(folder, "user show", 65), /users\.csv: line 2 has 1 column, expected 2/);
  storage.save("users.csv", files.get("users.csv")!);
  assert.deepEqual(storage.files(), files);
});

Deno.test("bootstrap --force asks for a yes, is refused while a consumer runs, and keeps the old files", async () => {
  await using storage = await TestStorage.create({ users: { eve: "paid" }, items: { car: 1 } });
  const { folder } = storage;
  const old = storage.files();
  assert.match(await refused(folder, "bootstrap --force", 64), /needs a yes: answer the question, or pass --yes/);
  const store = await storage.open();
  assert.match(await refused(folder, "bootstrap --force --yes", 75), /is in use by a consumer: stop it first/);
  await storage.close(store);
  assert.deepEqual(storage.stock(), { car: 1 });
  const said = await ok(folder, "bootstrap --force --yes");
  const backup = /^Moved the old files to (.*)$/m.exec(said)![1];
  for (const name of ["users.csv", "inventory.csv", "stock_edits.jsonl"]) {
    assert.deepEqual(Deno.readFileSync(join(backup, name)), old.get(name), name);
  }
  assert.deepEqual(requireBalance(storage), { book: 10, pen: 50, notebook: 20 });
  assert.equal([...Deno.readDirSync(backup)].some(({ name }) => name.endsWith(".lock")), false);
});

Deno.test("tools count every one of 50 edits at once", async () => {
  await using storage = await TestStorage.create();
  const items = Array.from({ length: 50 }, (_, index) => `item-${index}`);
  await Promise.all(
    items.map((item, index) =>
      index % 5 === 0
        ? ok(storage.folder, ["user", "add", "--user", item, "--status", "paid"])
        : ok(storage.folder, ["inventory", "add", "--item", item, "--quantity", String(index)])
    ),
  );
  const stock = requireBalance(storage);
  const users = storage.text("users.csv").split("\n").map((line) => line.split(",")[0]);
  for (const [index, item] of items.entries()) {
    if (index % 5 === 0) assert.ok(users.includes(item), item);
    else assert.equal(stock[item], index, item);
  }
});
