import assert from "node:assert/strict";
import { eventually, startTask } from "../support/commands.ts";
import { type FeedWorld, feedWorld, ok, type Picture, TestFeed } from "../support/dashboard_feed.ts";
import { kafkaTool } from "../support/kafka_tools.ts";
import { testKafka } from "../support/kafka.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { postgresTest } from "../support/postgres.ts";

const STORES = [{ name: "files", database: false }, { name: "tables", database: true }];

/** Registers a test for either store. */
function eachStore(name: string, fn: (world: FeedWorld) => Promise<void>): void {
  for (const { name: store, database } of STORES) {
    const register = database ? postgresTest : Deno.test;
    register(`${name} (${store})`, async () => {
      await using world = await feedWorld({ database });
      await fn(world);
    });
  }
}

eachStore("the feed's totals at rest are those of verify", async (world) => {
  const { env } = world;
  await ok("produce", ["--count", "60", "--delay", "0", "--mix", "unpaid=10,poison=10,duplicate=10"], env);
  await using feed = await TestFeed.open(world);
  await feed.shows("everything waits", ({ totals }) => totals.accepted === 0 && totals.exact);
  await ok("consume", ["--until-end"], env);
  await feed.shows("the totals of verify", await totalsOfVerify(env));
  // What was rejected is judged again, and some of it accepted.
  await ok("user", ["update", "--user", "bob", "--status", "paid"], env);
  await ok("inventory", ["update", "--item", "pen", "--quantity", "1000"], env);
  await ok("consume", ["--reset", "--reset-to", "earliest", "--until-end"], env);
  const same = await totalsOfVerify(env);
  await feed.shows("the totals of verify again", same);
  await using another = await TestFeed.open(world);
  await another.shows("the same to one that comes later", same);
});

async function totalsOfVerify(env: Record<string, string>): Promise<(picture: Picture) => boolean> {
  const { positions, accepted } = JSON.parse(await ok("verify", ["--json"], env));
  const sum = (name: string) => positions.reduce((all: number, row: Record<string, number>) => all + row[name], 0);
  return ({ totals }) => {
    const rejected = Object.values(totals.rejected).reduce((all, count) => all + count, 0);
    return totals.exact && totals.accepted === accepted && rejected === sum("rejected") &&
      totals.deadLettered === sum("dead_lettered");
  };
}

eachStore("the feed shows orders, stock, users and the story of an order", async (world) => {
  const { env } = world;
  await using feed = await TestFeed.open(world);
  await ok("produce", ["--count", "20", "--delay", "0", "--mix", "unpaid=20,poison=10"], env);
  await ok("consume", ["--until-end"], env);
  const { orders, stock, users, lanes } = await feed.shows(
    "verdicts",
    (picture) =>
      picture.totals.exact && picture.lanes.every(({ lag }) => lag === 0) && picture.orders.length > 0 && picture,
  );
  const shown = JSON.parse(await ok("inventory", ["show", "--json"], env));
  assert.deepEqual(
    stock.items.map(({ item, quantity }) => [item, quantity]).sort(),
    shown.map(({ item, quantity }: { item: string; quantity: number }) => [item, quantity]).sort(),
  );
  assert.deepEqual(users.users.map(({ name }) => name).sort(), ["alice", "bob", "carol"]);
  assert.equal(lanes.flatMap(({ marks }) => marks).length, 20);
  const [newest] = orders;
  assert.ok(
    feed.feed.orders(newest.order_id.slice(0, 13).toUpperCase()).orders.some((order) =>
      order.order_id === newest.order_id
    ),
  );
  const story = await feed.feed.why(newest.order_id);
  const { records: _, ...said } = JSON.parse(await ok("why", [newest.order_id, "--json"], env));
  const { records, now, ...told } = story;
  assert.deepEqual(JSON.parse(JSON.stringify(told)), said);
  assert.equal(records[0].offset, newest.offset);
  assert.equal(now?.quantity, stock.items.find(({ item }) => item === newest.item)?.quantity);
  assert.equal((await feed.feed.why("nobody's")).known, false);
});

eachStore(
  "the feed's lag is that of kafka-consumer-groups, in seconds the age of the oldest unread record",
  async (world) => {
    const { env } = world;
    await ok("produce", ["--count", "30", "--delay", "0", "--key", "none"], env);
    await ok("consume", ["--max-messages", "12"], env);
    await using feed = await TestFeed.open(world);
    const { lanes } = await feed.shows(
      "a lag",
      (picture) => picture.lanes.some(({ lagSeconds }) => lagSeconds !== null && lagSeconds > 0) && picture,
    );
    const said = await kafkaTool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", [
      "--describe",
      "--group",
      env.CONSUMER_GROUP_ID,
    ]);
    const rows = said.split("\n").map((line) => line.trim().split(/\s+/)).filter(([, topic]) =>
      topic === env.ORDERS_TOPIC
    );
    const told = rows.map(([, , partition, committed, end, lag]) => [partition, committed, end, lag].join(" ")).sort();
    // Without members it shows only partitions with an offset.
    const seen = lanes.filter(({ committed }) => committed !== null).map(({ partition, committed, end, lag }) =>
      [partition, committed, end, lag].join(" ")
    ).sort();
    assert.deepEqual(seen, told);
    for (const { lag, lagSeconds } of lanes) assert.equal(lagSeconds && lagSeconds > 0, lag && lag > 0);
  },
);

postgresTest("the feed sees a member join, leave and die", async () => {
  await using world = await feedWorld({ database: true });
  const { env } = world;
  await using _orders = startTask("produce", ["--count", "0", "--rate", "20", "--key", "none"], env);
  await using feed = await TestFeed.open(world);
  await using first = startTask("consume", [], env);
  await feed.shows("the first has everything", isShared(1));
  await using second = startTask("consume", [], env);
  await feed.shows("two share", isShared(2));
  await feed.shows("that one joined", causeIs("joined"));
  second.signal("SIGINT");
  await second.end;
  await feed.shows("that one left", causeIs("left"));
  await using third = startTask("consume", [], env);
  await feed.shows("two share again", isShared(2));
  await feed.shows("that they have caught up", ({ lanes }) => lanes.every(({ lag }) => lag !== null && lag < 20));
  third.signal("SIGKILL");
  await feed.shows("that one died", causeIs("died"));
  const { tenures } = await feed.shows(
    "the first has everything",
    (picture) => picture.members.length === 1 && picture.members[0].partitions.length === 3 && picture,
  );
  assert.ok(tenures.length > 3);
  first.signal("SIGINT");
});

function isShared(count: number): (picture: Picture) => boolean {
  return ({ groupState, members, lanes }) =>
    groupState === "Stable" && members.length === count && members.every(({ partitions }) => partitions.length > 0) &&
    lanes.every(({ owner }) => owner !== null);
}

function causeIs(cause: string): (picture: Picture) => boolean {
  return ({ rebalances: [latest] }) => latest?.cause === cause;
}

eachStore("the feed says what is away, and goes on when it is back", async (world) => {
  const { env } = world;
  await ok("produce", ["--count", "5", "--delay", "0"], env);
  const [host, port] = testKafka().brokers[0].split(":");
  await using link = await TcpProxy.atFreePort({ host, port: Number(port) });
  link.setMood("cut");
  await using feed = await TestFeed.open(world, { brokers: [`127.0.0.1:${link.port}`] });
  const { health, lanes } = await feed.shows("the broker is away", (picture) => !picture.health.broker.ok && picture);
  assert.match(JSON.stringify(health.broker), /Kafka is away/);
  assert.ok(health.store.ok);
  assert.deepEqual(lanes, []);
  await assert.rejects(feed.feed.deadLetters(), Error);
  link.setMood("well");
  await feed.shows("the broker is back", ({ health, lanes }) => health.broker.ok && lanes.length === 3);
  assert.deepEqual((await feed.feed.deadLetters()).count, 0);
});

Deno.test("the feed of a folder that is begun anew shows the new one", async () => {
  await using world = await feedWorld();
  const { env, storage } = world;
  await ok("produce", ["--count", "10", "--delay", "0", "--mix", "unpaid=30"], env);
  await ok("consume", ["--until-end"], env);
  await using feed = await TestFeed.open(world);
  await feed.shows("orders", ({ totals }) => totals.exact && totals.accepted > 0);
  await ok("bootstrap", ["--force", "--yes"], env);
  await feed.shows(
    "none",
    ({ totals }) => totals.exact && totals.accepted === 0 && !Object.keys(totals.rejected).length,
  );
  Deno.renameSync(storage, `${storage}-aside`);
  await feed.shows("that it is away", ({ health }) => !health.store.ok && /is missing/.test(health.store.sentence));
  Deno.renameSync(`${storage}-aside`, storage);
  await feed.shows("that it is back", ({ health }) => health.store.ok);
});

Deno.test("hostile names pass the feed as plain text", async () => {
  await using world = await feedWorld();
  const { env, storage } = world;
  const name = `<img src=x onerror="alert(1)">`;
  const quoted = `"${name.replaceAll('"', '""')}"`;
  Deno.writeTextFileSync(`${storage}/users.csv`, `user,status\n${quoted},paid\n`);
  Deno.writeTextFileSync(`${storage}/inventory.csv`, `item,quantity\n${quoted},1000\n`);
  await ok("produce", ["--count", "5", "--delay", "0"], env);
  await ok("consume", ["--until-end"], env);
  await using feed = await TestFeed.open(world);
  const { orders, stock, users } = await feed.shows("orders", (picture) => picture.orders.length === 5 && picture);
  assert.equal(orders[0].user, name);
  assert.equal(stock.items[0].item, name);
  assert.equal(users.users[0].name, name);
  await eventually("its search", () => feed.feed.orders("<IMG").orders.length === 5);
});
