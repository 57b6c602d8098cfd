import assert from "node:assert/strict";
import { EXIT } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { SAME_KEY } from "../../lib/topics.ts";
import type { PlayAnswer } from "../../tools/dashboard/snapshot.ts";
import { acceptedIn, eventually, task } from "../support/commands.ts";
import { Dashboard } from "../support/dashboard.ts";
import { readTopic, reasonsIn, sampleWorld, testKafka } from "../support/kafka.ts";
import { postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";

/** Whether the process exists, and whether it is frozen; a zombie is gone. By `ps`, as Deno opens nothing in /proc. */
function stateOf(pid: number): "gone" | "frozen" | "alive" {
  const { stdout } = new Deno.Command("ps", { args: ["-o", "stat=", "-p", `${pid}`] }).outputSync();
  const [letter] = new TextDecoder().decode(stdout);
  return letter === undefined || letter === "Z" ? "gone" : letter === "T" ? "frozen" : "alive";
}

function consumerNamed({ consumers }: PlayAnswer, id: string): PlayAnswer["consumers"][number] {
  return consumers.find((consumer) => consumer.id === id)!;
}

function actionNamed({ actions }: PlayAnswer, name: string): PlayAnswer["actions"][number] {
  return actions.find((action) => action.name === name)!;
}

async function membersOf(group: string): Promise<number> {
  const { groups: [{ members }] } = await withAdmin(createKafka(testKafka()), (admin) => admin.describeGroups([group]));
  return members.length;
}

Deno.test("the buttons that send do so: ten, a thousand, all with one key, poison", async () => {
  using world = await sampleWorld();
  await using dashboard = await Dashboard.start(["--play"], world.env);
  assert.match(await dashboard.pressToEnd("send-10"), /^10 sent in /m);
  assert.equal((await readTopic(world.topic)).length, 10);
  assert.match(await dashboard.pressToEnd("poison"), /\(poison\)\n1 sent in /);
  assert.equal(
    (await readTopic(world.topic)).filter(({ value }) => String.fromCharCode(...value!) === "not an order").length,
    1,
  );
  await dashboard.pressToEnd("one-key");
  const withOneKey = (await readTopic(world.topic)).filter(({ key }) => key === SAME_KEY);
  assert.equal(withOneKey.length, 100);
  assert.equal(new Set(withOneKey.map(({ partition }) => partition)).size, 1);
  await dashboard.pressToEnd("send-1000");
  assert.equal((await readTopic(world.topic)).length, 1_111);
});

Deno.test("setting bob paid does, then the button sets him unpaid; restocking adds to the item of which there is least", async () => {
  using world = await sampleWorld();
  await using dashboard = await Dashboard.start(["--play"], world.env);
  const bob = async () =>
    JSON.parse((await task("user", ["show", "--json"], world.env)).stdout)
      .find(({ user }: { user: string }) => user === "bob").status;
  const settled = (name: string, label: string) =>
    eventually(`the button says ${label}`, async () => actionNamed(await dashboard.play(), name).label === label);
  for (const status of ["paid", "unpaid"]) {
    await settled("pay-bob", `Set bob ${status}`);
    const { command } = actionNamed(await dashboard.play(), "pay-bob");
    assert.equal(command, `deno task user update --user bob --status ${status}`);
    assert.equal(await dashboard.pressToEnd("pay-bob"), `Updated user bob: ${status}`);
    assert.equal(await bob(), status);
  }
  await settled("restock", "Restock book");
  assert.equal(await dashboard.pressToEnd("restock"), "Updated item book: 10 -> 110");
  await settled("restock", "Restock notebook");
});

Deno.test("a consumer judges what is sent; poison ends as a dead letter; a second one on the folder says why it cannot", async () => {
  using world = await sampleWorld();
  await using dashboard = await Dashboard.start(["--play"], world.env);
  await dashboard.press("add-consumer");
  await dashboard.pressToEnd("send-10");
  await dashboard.pressToEnd("poison");
  await eventually("a dead letter", async () => (await reasonsIn(world.topic)).length === 1);
  assert.ok(acceptedIn(world.storage).length > 0);
  assert.match(await dashboard.pressToEnd("add-consumer", EXIT.busy), /^error: The storage .* takes one consumer: /m);
  assert.deepEqual((await dashboard.play()).consumers.map(({ state }) => state), ["running", "ended"]);
  assert.equal((await task("verify", [], world.env)).code, EXIT.ok);
});

Deno.test("a consumer can be frozen, goes on, and can be killed; a reset stops it and reads everything again", async () => {
  using world = await sampleWorld();
  await using dashboard = await Dashboard.start(["--play"], world.env);
  await dashboard.press("add-consumer");
  await dashboard.pressToEnd("send-10");
  await dashboard.said("add-consumer", /accepted|rejected/);
  const { pid } = consumerNamed(await dashboard.play(), "c1");
  assert.equal(actionNamed(await dashboard.play(), "kill").command, `kill -9 ${pid}`);

  await dashboard.pressToEnd("pause");
  await eventually("it is frozen", () => stateOf(pid) === "frozen");
  assert.equal(consumerNamed(await dashboard.play(), "c1").state, "paused");
  await dashboard.pressToEnd("resume");
  await eventually("it goes on", () => stateOf(pid) === "alive");

  await dashboard.pressToEnd("pause"); // so that the reset has to stop a frozen one
  await dashboard.press("reset");
  await dashboard.said("reset", /read again$/);
  assert.equal(stateOf(pid), "gone");
  const { exit } = (await dashboard.play()).runs.find(({ action }) => action === "add-consumer")!;
  assert.equal(exit, EXIT.ok, "it left in good order");
  assert.deepEqual((await dashboard.play()).consumers.map(({ state }) => state), ["ended", "running"]);
  await dashboard.said("reset", /accepted before|rejected/);

  await dashboard.pressToEnd("kill");
  await eventually("it is gone", async () => consumerNamed(await dashboard.play(), "c2").state === "ended");
  await dashboard.press("add-consumer");
  const before = (await readTopic(world.topic)).length;
  await dashboard.pressToEnd("send-10");
  assert.equal((await readTopic(world.topic)).length, before + 10);
  await eventually("all is judged", async () => (await task("verify", [], world.env)).code === EXIT.ok);
});

postgresTest(
  "on a database consumers share the partitions; one that is killed or frozen is replaced by another",
  async () => {
    await using database = await TestDatabase.empty();
    using world = await sampleWorld();
    const env = { ...world.env, DATABASE_URL: database.url };
    await task("bootstrap", [], env);
    await using dashboard = await Dashboard.start(["--play"], env);
    await dashboard.press("add-consumer");
    await dashboard.said("add-consumer", /^joined as 1 of 1: partitions 0, 1, 2$/);
    await dashboard.press("add-consumer");
    await dashboard.said("add-consumer", /^joined as . of 2: partition/);
    assert.equal(await membersOf(world.env.CONSUMER_GROUP_ID), 2);
    await eventually("both have joined", async () => {
      const joins = (await dashboard.play()).runs.filter(({ action }) => action === "add-consumer");
      return joins.every(({ output }) => output.some((line) => /^joined as . of 2/.test(line)));
    });
    await dashboard.pressToEnd("pause"); // the newer one
    await dashboard.pressToEnd("send-10");
    await eventually("the older one has all partitions", async () => {
      const first = (await dashboard.play()).runs.findLast(({ action }) => action === "add-consumer")!;
      return first.output.findLast((line) => line.startsWith("joined"))?.startsWith("joined as 1 of 1");
    });
    await dashboard.pressToEnd("resume");
    await dashboard.pressToEnd("kill");
    await eventually("it is gone", async () => consumerNamed(await dashboard.play(), "c2").state === "ended");
    await eventually("all is judged", async () => (await task("verify", [], env)).code === EXIT.ok);
  },
);

Deno.test("whatever the page has started ends with the dashboard, frozen consumers too", async () => {
  using world = await sampleWorld();
  await using dashboard = await Dashboard.start(["--play"], world.env);
  await dashboard.press("add-consumer");
  await dashboard.said("add-consumer", /^Consumer c1/);
  await dashboard.pressToEnd("send-10");
  await dashboard.said("add-consumer", /accepted|rejected/);
  const { pid } = consumerNamed(await dashboard.play(), "c1");
  await dashboard.pressToEnd("pause");
  await eventually("it is frozen", () => stateOf(pid) === "frozen");
  await dashboard.press("send-1000");
  dashboard.signal("SIGTERM");
  assert.equal((await dashboard.end).code, EXIT.ok);
  assert.equal(stateOf(pid), "gone");
  const { length } = await readTopic(world.topic);
  assert.equal((await readTopic(world.topic)).length, length, "nobody sends any more");
  // It left the group in good order: the next consumer need not wait for it.
  const next = await task("consume", ["--until-end"], world.env);
  assert.equal(next.code, EXIT.ok, next.stderr);
});

Deno.test("without --play it may run nothing", async () => {
  using world = await sampleWorld();
  await using dashboard = await Dashboard.start([], world.env);
  assert.equal((await dashboard.pressRaw("send-10")).status, 404);
});
