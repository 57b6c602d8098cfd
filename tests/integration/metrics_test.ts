import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import { freePorts } from "../../tools/stack/ports.ts";
import { acceptedIn, eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { httpGet } from "../support/http_get.ts";
import { kafkaTool } from "../support/kafka_tools.ts";
import { sampleWorld } from "../support/kafka.ts";
import { ask, type Sample, scrape, sumOf } from "../support/scrape.ts";
import { withStack } from "../support/stack.ts";
import { postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";

const METRICS = ["--metrics-port"];

/** Verdicts and dead letters that a scrape counts. */
function recordsIn(samples: readonly Sample[]): number {
  const counters = ["orders_accepted_total", "orders_rejected_total", "dead_letters_total"];
  return counters.reduce((sum, name) => sum + sumOf(samples, name), 0);
}

/** Scrapes until `isThere`; the scrape. */
async function scraped(what: string, port: number, isThere: (samples: Sample[]) => boolean): Promise<Sample[]> {
  return await eventually(what, async () => {
    const samples = await scrape(port);
    return samples !== undefined && isThere(samples) ? samples : undefined;
  });
}

async function ready(port: number): Promise<void> {
  await eventually("it is ready", async () => (await ask(port, "/health/ready"))?.status === 200);
}

/** Waits until it is not ready; what it says about it. */
async function complaint(port: number): Promise<string> {
  return await eventually("it is not ready", async () => {
    const answer = await ask(port, "/health/ready");
    return answer?.status === 503 ? answer.text : undefined;
  });
}

function lagsIn(samples: readonly Sample[]): Record<string, number> {
  const lags = samples.filter(({ name }) => name === "kafka_consumergroup_lag");
  return Object.fromEntries(lags.map(({ labels, value }) => [labels.partition, value]));
}

/** The lag as Kafka's own tool has it, by partition. */
async function lagsOfKafka({ ORDERS_TOPIC: topic, CONSUMER_GROUP_ID: group }: Record<string, string>) {
  const tool = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
  const rows = (await kafkaTool(tool, ["--describe", "--group", group])).split("\n").map((row) => row.split(/\s+/));
  return Object.fromEntries(rows.filter((row) => row[1] === topic).map((row) => [row[2], Number(row[5])]));
}

Deno.test("a scrape counts what the consumer has judged, and its lag is that of kafka-consumer-groups", async (t) => {
  using world = await sampleWorld();
  using other = await sampleWorld(); // produce reads users too, which are damaged for a while
  const { env, storage } = world;
  const produce = (...flags: string[]) =>
    task("produce", ["--delay", "0", ...flags], { ...env, STORAGE_DIR: other.storage });
  const [port] = freePorts(1);
  await using consumer = startTask("consume", [...METRICS, `${port}`], env);
  await ready(port);

  await t.step("while it consumes", async () => {
    await produce("--count", "40", "--mix", "unpaid=20,poison=10", "--seed", "metrics");
    const samples = await scraped("40 verdicts", port, (samples) => recordsIn(samples) === 40);
    assert.equal(sumOf(samples, "orders_accepted_total"), acceptedIn(storage).length);
    const rejected = Deno.readTextFileSync(join(storage, "rejected.jsonl")).trim().split("\n");
    assert.equal(sumOf(samples, "orders_rejected_total"), rejected.length);
    assert.ok(sumOf(samples, "orders_rejected_total", { reason: "unpaid-user" }) > 0);
    assert.ok(sumOf(samples, "dead_letters_total") > 0);
    assert.equal(sumOf(samples, "rebalances_total"), 1);
    assert.equal(sumOf(samples, "orders_batch_size_sum"), 40);
    assert.ok(sumOf(samples, "orders_age_at_verdict_seconds_count") > 0);
    const settled = await scraped("no lag", port, (samples) => sumOf(samples, "kafka_consumergroup_lag") === 0);
    assert.deepEqual(lagsIn(settled), { 0: 0, 1: 0, 2: 0 });
    assert.equal(sumOf(settled, "kafka_consumergroup_group_lag_seconds"), 0);
    const batches = sumOf(settled, "orders_batch_size_count");
    for (const to of ["store", "kafka"]) {
      assert.equal(sumOf(settled, "orders_commit_duration_seconds_count", { to }), batches);
    }
  });

  await t.step("while it waits out an outage of its store, and nothing is fetched", async () => {
    const users = join(storage, "users.csv");
    const before = Deno.readTextFileSync(users);
    Deno.writeTextFileSync(users, 'user,status\n"alice,paid\n');
    await produce("--count", "9");
    assert.match(await complaint(port), /users\.csv.*\n$/);
    assert.equal((await ask(port, "/health/live"))?.status, 200);
    // Of these none can be in a fetch: it waits with the first ones in hand.
    await produce("--count", "5");
    const samples = await scraped("the lag", port, (samples) => sumOf(samples, "kafka_consumergroup_lag") === 14);
    assert.deepEqual(lagsIn(samples), await lagsOfKafka(env));
    assert.ok(sumOf(samples, "kafka_consumergroup_group_lag_seconds") > 0);
    assert.equal(sumOf(samples, "orders_consumer_ready"), 0);
    Deno.writeTextFileSync(users, before);
    await ready(port);
    await scraped(
      "no lag",
      port,
      (samples) =>
        sumOf(samples, "kafka_consumergroup_lag") + sumOf(samples, "kafka_consumergroup_group_lag_seconds") === 0,
    );
  });

  consumer.signal("SIGTERM");
  const { code, stdout } = await consumer.end;
  assert.equal(code, EXIT.ok);
  assert.match(stdout, new RegExp(`^Metrics at http://127\\.0\\.0\\.1:${port}/metrics$`, "m"));
  assert.equal(await ask(port, "/health/live"), undefined);
});

Deno.test("a consumer is alive and not ready while its brokers are away, and ready once they are back", () =>
  withStack(async (stack, dataDir) => {
    using world = ownWorld();
    const env = { ...world.env, ...stack };
    await task("bootstrap", [], env);
    const [port] = freePorts(1);
    await using consumer = startTask("consume", [...METRICS, `${port}`], env);
    await ready(port);
    const { pids } = JSON.parse(Deno.readTextFileSync(join(dataDir, "stack.json")));
    Deno.kill(pids["broker-1"].pid, "SIGKILL");
    // At first it may say that it fetches nothing: kafkajs tries for a while before it gives up.
    await eventually("it says why", async () => /^Kafka is away \(.*\n$/.test(await complaint(port)) || undefined);
    assert.equal((await ask(port, "/health/live"))?.status, 200);
    assert.equal(sumOf((await scrape(port))!, "orders_consumer_ready"), 0, "a scrape is answered all the same");
    const { code, stderr } = await task("up", ["--local", "--data-dir", dataDir], {});
    assert.equal(code, EXIT.ok, stderr);
    await ready(port);
    await task("produce", ["--count", "3", "--delay", "0"], env);
    await scraped("three verdicts", port, (samples) => recordsIn(samples) === 3);
    consumer.signal("SIGTERM");
    assert.equal((await consumer.end).code, EXIT.ok);
  }));

postgresTest(
  "consumers that share a group each report their own partitions, and their sums are the group's",
  async () => {
    await using database = await TestDatabase.empty();
    using world = ownWorld();
    const env = { ...world.env, DATABASE_URL: database.url };
    await task("bootstrap", [], env);
    const ports = freePorts(2);
    await using one = startTask("consume", [...METRICS, `${ports[0]}`], env);
    await ready(ports[0]);
    await using other = startTask("consume", [...METRICS, `${ports[1]}`], env);
    await ready(ports[1]);
    await task("produce", ["--count", "60", "--delay", "0", "--key", "none"], env);
    const [first, second] = await eventually("60 verdicts and no lag", async () => {
      const both = [await scrape(ports[0]), await scrape(ports[1])].map((samples) => samples ?? []);
      const records = both.map(recordsIn).reduce((sum, count) => sum + count);
      const hasLag = both.some((samples) => sumOf(samples, "kafka_consumergroup_lag") > 0);
      return records === 60 && !hasLag ? both : undefined;
    });
    const partitions = [first, second].map((samples) => Object.keys(lagsIn(samples)));
    assert.deepEqual(partitions.flat().sort(), ["0", "1", "2"]);
    assert.deepEqual(partitions.map(({ length }) => length).sort(), [1, 2]);
    for (const consumer of [one, other]) consumer.signal("SIGTERM");
    for (const consumer of [one, other]) assert.equal((await consumer.end).code, EXIT.ok);
  },
);

Deno.test("metrics are for this machine alone unless --metrics-host says otherwise", async () => {
  using world = await sampleWorld();
  const { env } = world;
  const answers = async (host: string, port: number) =>
    await httpGet(`http://${host}:${port}/health/live`) !== undefined;
  for (const [flags, isOpen] of [[[], false], [["--metrics-host", "0.0.0.0"], true]] as const) {
    const [port] = freePorts(1);
    await using consumer = startTask("consume", [...METRICS, `${port}`, ...flags], env);
    await ready(port);
    assert.equal(await answers("127.0.0.2", port), isOpen); // loopback too, but another address
    consumer.signal("SIGTERM");
    await consumer.end;
  }
});

Deno.test("a metrics port that cannot be had ends consume at once, with one line", async () => {
  using world = await sampleWorld();
  const { env } = world;
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const busy = await task("consume", [...METRICS, `${port}`], env);
  assert.equal(busy.code, EXIT.busy);
  assert.match(busy.stderr, new RegExp(`^error: Port ${port} of 127\\.0\\.0\\.1 is taken by another process: .*\\n$`));
  const nowhere = await task("consume", [...METRICS, "0", "--metrics-host", "192.0.2.1"], env);
  assert.equal(nowhere.code, EXIT.config);
  assert.match(nowhere.stderr, /^error: Cannot listen on 192\.0\.2\.1 port 0: .*\(--metrics-host, --metrics-port\)\n$/);
  const alone = await task("consume", ["--metrics-host", "0.0.0.0"], env);
  assert.deepEqual([alone.code, alone.stderr], [EXIT.usage, "error: --metrics-host goes with --metrics-port\n"]);
});
