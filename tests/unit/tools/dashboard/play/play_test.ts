import assert from "node:assert/strict";
import { Play } from "../../../../../tools/dashboard/play/play.ts";
import { Runs } from "../../../../../tools/dashboard/play/runs.ts";
import { MemoryFeed } from "../../../../support/memory_feed.ts";

Deno.test(
  "each command gets those of the dashboard's flags that it knows, quoted for a shell",
  { permissions: "none" },
  () => {
    const feed = new MemoryFeed();
    feed.show({
      users: { users: [{ name: "bob", status: "unpaid" }], count: 1 },
      stock: { items: [{ item: "o'clock; $HOME", quantity: 1, peak: 1, emptyInSeconds: null }], count: 1 },
    });
    const flags = { store: ["--storage", "/tmp/a b"], kafka: ["--topic", "mine"], group: ["--group", "ours"] };
    const { actions } = new Play({ feed, storage: "/tmp/a b", flags }).answer();
    const commands = Object.fromEntries(actions.map(({ name, command }) => [name, command]));
    assert.equal(commands.poison, "deno task produce --count 1 --mix poison=100 --storage '/tmp/a b' --topic mine");
    assert.equal(commands["pay-bob"], "deno task user update --user bob --status paid --storage '/tmp/a b'");
    assert.equal(
      commands.restock,
      `deno task inventory update --item 'o'\\''clock; $HOME' --quantity 101 --storage '/tmp/a b'`,
    );
    assert.equal(commands["add-consumer"], "deno task consume --storage '/tmp/a b' --topic mine --group ours");
  },
);

Deno.test("two starts have tokens of their own", { permissions: "none" }, () => {
  const start = () =>
    new Play({ feed: new MemoryFeed(), storage: "", flags: { store: [], kafka: [], group: [] } }).token;
  assert.match(start(), /^[0-9a-f]{64}$/);
  assert.notEqual(start(), start());
});

Deno.test("what is kept of runs and of what they said has a bound", async () => {
  const runs = new Runs();
  const run = runs.add("loud", "seq");
  const script =
    "i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done; head -c 100000 /dev/zero | tr '\\0' x; exit 3";
  const child = new Deno.Command("sh", { args: ["-c", script], stdout: "piped", stderr: "piped" }).spawn();
  await runs.follow(run, child);
  assert.deepEqual([run.exit, run.output.length, run.output[18], run.output[19]], [3, 20, "line 499", "x".repeat(400)]);
  for (let count = 0; count < 50; count++) runs.add("again", "seq");
  assert.deepEqual([runs.latest.length, runs.latest[0].id, runs.latest[19].id], [20, 51, 32]);
});

Deno.test("a press that cannot start a process is a run that says why", { permissions: "none" }, () => {
  const play = new Play({ feed: new MemoryFeed(), storage: "storage", flags: { store: [], kafka: [], group: [] } });
  const run = play.press("send-10");
  assert.ok("exit" in run && run.exit === 1 && /run access/.test(run.output.join()), JSON.stringify(run));
});
