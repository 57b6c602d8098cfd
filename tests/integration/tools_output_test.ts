import assert from "node:assert/strict";
import { batchOf, order, process, TestStorage } from "../support/storage.ts";
import { ok, onTerminal, refused, run } from "../support/task_lines.ts";

Deno.test("tools name the user or item that was probably meant, and each thing that is to be said", async () => {
  await using storage = await TestStorage.create({ users: { alice: "paid", "bob ": "paid" }, items: { notebook: 1 } });
  const { folder } = storage;
  assert.equal(
    await refused(folder, "user update --user alcie --status paid", 64),
    'error: There is no user "alcie". Did you mean "alice"?\n',
  );
  assert.match(await refused(folder, "user update --user bob --status paid", 64), /Did you mean "bob "\?$/m);
  assert.match(await refused(folder, "inventory update --item Notebok --quantity 1", 64), /Did you mean "notebook"\?/);
  for (const name of ["user", "inventory"]) {
    assert.match(await refused(folder, name, 64), /^error: Say what to do: show, add or update/);
  }
  const missing = await refused(folder, "user add --user x", 64);
  assert.equal(missing, "error: Missing option `--status` (see deno task user --help)\n");
});

Deno.test("tools show blanks that nobody sees, and warn of them", async () => {
  await using storage = TestStorage.of({
    "users.csv": "user,status\nalice ,paid\nbob,paid\u00a0\n,,\n",
    "inventory.csv": "item,quantity\n\u3000pen,5\n,,\n",
  });
  const { folder } = storage;
  const users = await run(folder, "user show");
  assert.equal(users.code, 0);
  assert.equal(users.stdout, 'user      status\n"alice "  paid\nbob       "paid\\u{a0}"\n');
  assert.match(users.stderr, /^warning: .*users\.csv: the name of user "alice " ends with a blank, so orders/m);
  assert.match(
    users.stderr,
    /^warning: .*the status "paid\\u\{a0\}" of bob is not known and counts as unpaid: it ends/m,
  );
  const items = await run(folder, "inventory show");
  assert.deepEqual([items.code, items.stdout], [0, 'item           quantity\n"\\u{3000}pen"         5\n']);
  assert.match(items.stderr, /^warning: .*inventory\.csv: the name of item "\\u\{3000\}pen" begins with a blank/m);
  const updated = await run(folder, ["user", "update", "--user", "alice ", "--status", "unpaid"]);
  assert.equal(updated.stdout, 'Updated user "alice ": unpaid\n');
  assert.equal(storage.text("users.csv"), "user,status\nalice ,unpaid\nbob,paid\u00a0\n,,\n");
});

Deno.test("why shows the blanks in an order, and in what was seen and is now", async () => {
  await using storage = await TestStorage.create({ users: { "alice ": "paid\u00a0" } });
  const store = await storage.open();
  await process(store, batchOf([order({ order_id: "a", user: "alice ", item: "pen" })]));
  await storage.close(store);
  const said = await ok(storage.folder, "why a --offline");
  assert.match(said, /asked for +1 pen by "alice ", created/);
  assert.match(said, /user was "paid\\u\{a0\}", stock was 50$/m);
  assert.match(said, /now +"alice " is "paid\\u\{a0\}", stock of pen is 50$/m);
});

Deno.test("why says of the topic only what it has looked up", async () => {
  await using storage = await TestStorage.create();
  const { code, stdout } = await run(storage.folder, "why nothing --offline");
  assert.equal(code, 1);
  assert.match(stdout, /^Order nothing: nothing is known about it in \S+; the topic was not searched\n$/);
});

Deno.test("tools show all of many rows in a pipe, the first thousand on a terminal", async () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => index);
  await using storage = TestStorage.of({
    "users.csv": `user,status\n${rows.map((index) => `user-${index},paid\n`).join("")}`,
    "inventory.csv": `item,quantity\n${rows.map((index) => `item-${index},${index}\n`).join("")}`,
  });
  const { folder } = storage;
  const { stdout, stderr } = await run(folder, "inventory show");
  assert.equal(stdout.split("\n").length, 20_002);
  assert.match(
    stderr,
    /^warning: .*inventory\.csv was edited by hand: 20,000 items are new \(see stock_edits\.jsonl\)\n$/,
  );
  assert.equal((await ok(folder, "user show")).split("\n").length, 20_002);
  if (Deno.build.os !== "linux") return; // the `script` of other systems has other flags
  for (const [name, things] of [["user", "users"], ["inventory", "items"]]) {
    const shown = await onTerminal(folder, `"${Deno.execPath()}" task -q ${name} show`);
    assert.equal(shown.split("\r\n").length, 1_003, "a header, a thousand rows, how many more, and nothing");
    assert.match(shown, new RegExp(`^… and 19,000 more ${things}; add "\\| less" to see them all\r$`, "m"));
  }
});
