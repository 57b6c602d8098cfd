import assert from "node:assert/strict";
import { join } from "node:path";
import type { Admin, Kafka } from "kafkajs";
import { EXIT, Failure, Outage } from "../../lib/errors.ts";
import { disconnect } from "../../lib/kafka/client/disconnect.ts";
import { moveGroup } from "../../lib/kafka/consume/group_offsets.ts";
import type { GroupTopic } from "../../lib/kafka/consume/group_topic.ts";
import { type SubscribedBatch, Subscription } from "../../lib/kafka/consume/subscription.ts";
import { seededRandom } from "../faults/fault.ts";
import { KafkaWorld, moment } from "../faults/kafka_world.ts";
import { eventually } from "../support/commands.ts";
import { testEnv } from "../support/kafka.ts";

// What kafkajs 2.2.4 does by itself, and lib/kafka keeps it from doing. Each test fails if that comes back.

const PARTITIONS = [0, 1, 2];
const STOP_LIMIT_MS = 10_000;
const WAITING_MS = 5_000;
/** A waiting consumer comes to about 12: two fetches, and the timers of its connections. kafkajs by itself: 800. */
const WAKE_UPS_PER_SECOND = 60;

function ownWorld(): Promise<KafkaWorld> {
  const env = testEnv();
  return KafkaWorld.create({ seed: 1, random: seededRandom(1), env });
}

/** A subscription under way; stopped when disposed. */
class Reading implements AsyncDisposable {
  readonly batches: SubscribedBatch[] = [];
  joined = false;
  /** What reading rejected with. */
  failure: Error | undefined;
  ended = false;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;

  constructor({ kafka, group, topic }: KafkaWorld, handle: () => Promise<void> = () => Promise.resolve()) {
    this.#run = this.#read(kafka, { group, topic, topicId: undefined }, handle)
      .catch((error) => this.failure = error)
      .finally(() => this.ended = true);
  }

  async #read(kafka: Kafka, at: GroupTopic, handle: () => Promise<void>): Promise<void> {
    const hooks = { onJoin: () => this.joined = true, onOutage: () => {}, onNotice: () => {} };
    await using subscription = new Subscription(kafka, { ...at, starts: new Map(), ...hooks }, this.#stop.signal);
    await subscription.work(async (lane) => {
      for await (const batch of lane) {
        this.batches.push(batch);
        const handled = await subscription.throughOutages(batch, () => handle().then(() => true));
        if (handled) subscription.commit(batch);
      }
    });
  }

  get records(): number {
    return this.batches.reduce((sum, { records }) => sum + records.length, 0);
  }

  /** Asserts that it ends by itself with this exit code. */
  async endsWith(exit: number): Promise<void> {
    await eventually("the subscription ends by itself", () => this.ended);
    assert.ok(this.failure instanceof Failure, String(this.failure));
    assert.equal(this.failure.exit, exit, this.failure.message);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function commits(offsets: Iterable<[partition: number, offset: number]>) {
  return new Map([...offsets].map(([partition, offset]) => [partition, { offset, metadata: null }]));
}

async function commit(world: KafkaWorld, offsets: readonly number[]): Promise<void> {
  const { kafka, group, topic } = world;
  const at = { group, topic, topicId: await world.topicId() };
  await world.admin((admin) => moveGroup(kafka, admin, at, commits(offsets.entries())));
}

Deno.test({
  name: "a consumer that waits for orders is not kept awake by timers",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using world = await ownWorld();
    await using _consumer = await world.consumer();
    const { pid } = JSON.parse(Deno.readTextFileSync(join(world.storage.folder, ".owner.lock")));
    await moment(2_000); // compiling and joining are over
    const [before, since] = [wakeUps(pid), performance.now()];
    await moment(WAITING_MS);
    const rate = (wakeUps(pid) - before) / ((performance.now() - since) / 1_000);
    // Counted, not timed: a busy machine makes it less. What it costs is measured by `deno task bench --only idle`.
    assert.ok(rate < WAKE_UPS_PER_SECOND, `${rate.toFixed(0)} wake-ups a second`);
  },
});

/** How often the main thread of a process has slept and was woken. */
function wakeUps(pid: number): number {
  // Through `cat`: Deno opens nothing in /proc without all permissions.
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).outputSync();
  return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(new TextDecoder().decode(stdout))![1]);
}

Deno.test("an offset out of range ends the subscription, and no other one is committed in its place", async () => {
  await using world = await ownWorld();
  await world.send(60);
  const logs = await world.logs();
  await commit(world, [0, 0, 0]);
  await world.admin(async (admin) => {
    await admin.fetchTopicOffsets(world.topic);
    const partitions = PARTITIONS.map((partition) => ({ partition, offset: String(logs[partition].high - 1) }));
    await admin.deleteTopicRecords({ topic: world.topic, partitions });
  });
  await using reading = new Reading(world);
  await reading.endsWith(EXIT.data);
  assert.match(reading.failure!.message, /is not in the log/);
  assert.equal(reading.records, 0);
  assert.deepEqual(await world.committed(), [0, 0, 0]);
});

Deno.test("a batch is committed at the offset after its last record, as soon as it is handled", async () => {
  await using world = await ownWorld();
  await world.send(60);
  const ends = (await world.logs()).map(({ high }) => high);
  {
    await using reading = new Reading(world);
    await eventually("everything is read", () => reading.records === 60);
  }
  assert.deepEqual(await world.committed(), ends);
  await using again = new Reading(world);
  await eventually("the next member has joined", () => again.joined);
  await world.send(1);
  await eventually("a new record", () => again.records > 0);
  assert.equal(again.records, 1, "nothing was delivered again");
});

Deno.test("moving a group is believed only when the offsets are read back", async () => {
  await using world = await ownWorld();
  await world.send(60);
  await commit(world, [1, 2, 3]);
  assert.deepEqual(await world.committed(), [1, 2, 3]);
  const { kafka, group, topic } = world;
  await world.admin(async (admin) => {
    const partitions = [1, 2, 0].map((offset, partition) => ({ partition, offset: String(offset), metadata: null }));
    const forgetful: Admin = { ...admin, fetchOffsets: () => Promise.resolve([{ topic, partitions }]) };
    const move = moveGroup(kafka, forgetful, { group, topic, topicId: undefined }, commits([[2, 3]]));
    await assert.rejects(move, (error) => error instanceof Failure && error.exit === EXIT.failed);
  });
});

Deno.test("an error in handling ends the subscription at once, without another try", async () => {
  await using world = await ownWorld();
  await world.send(60);
  await using reading = new Reading(world, () => Promise.reject(new Error("a bug")));
  await reading.endsWith(EXIT.failed);
  assert.equal(reading.batches.length, 1);
  assert.deepEqual(await world.committed(), [-1, -1, -1]);
});

Deno.test("a client of the same group with another way to share is turned away, and reading goes on", async () => {
  await using world = await ownWorld();
  await using reading = new Reading(world);
  await eventually("our member has joined", () => reading.joined);
  const foreign = world.kafka.consumer({
    groupId: world.group,
    retry: { restartOnFailure: () => Promise.resolve(false) },
  });
  const turnedAway = Promise.withResolvers<Error>();
  foreign.on(foreign.events.CRASH, ({ payload }) => turnedAway.resolve(payload.error));
  foreign.on(foreign.events.GROUP_JOIN, () => turnedAway.reject(new Error("It was let in")));
  try {
    await foreign.connect();
    await foreign.subscribe({ topic: world.topic });
    await foreign.run({ eachBatch: () => Promise.resolve() }).catch((error) => turnedAway.resolve(error));
    assert.match((await turnedAway.promise).message, /protocol/i);
  } finally {
    await disconnect(foreign);
  }
  await world.send(60);
  await eventually("our member reads everything", () => reading.records === 60);
});

Deno.test("a group of another program ends the subscription with 75: no endless restarts, no hang", async () => {
  await using world = await ownWorld();
  const foreign = world.kafka.consumer({ groupId: world.group, maxWaitTimeInMs: 100 });
  const joined = Promise.withResolvers<void>();
  foreign.on(foreign.events.GROUP_JOIN, () => joined.resolve());
  try {
    await foreign.connect();
    await foreign.subscribe({ topic: world.topic });
    await foreign.run({ eachBatch: () => Promise.resolve() });
    await joined.promise;
    await using reading = new Reading(world);
    await reading.endsWith(EXIT.busy);
    assert.equal(reading.joined, false);
  } finally {
    await disconnect(foreign);
  }
});

Deno.test("a later member of ours is refused with 75, and the first one reads on", async () => {
  await using world = await ownWorld();
  await using first = new Reading(world);
  await eventually("the first has joined", () => first.joined);
  await using second = new Reading(world);
  await second.endsWith(EXIT.busy);
  assert.equal(second.joined, false);
  await world.send(60);
  await eventually("the first reads everything", () => first.records === 60);
});

Deno.test("a stop is over within 10 s: idle, in an outage, and with a client that hangs", async () => {
  await using world = await ownWorld();
  const idle = new Reading(world);
  await eventually("it has joined", () => idle.joined);
  await inTime(idle.stop());
  await world.send(60);
  const waiting = new Reading(world, () => Promise.reject(new Outage(EXIT.unavailable, "away")));
  await eventually("it is in an outage", () => waiting.batches.length > 0);
  await inTime(waiting.stop());
  assert.equal(waiting.failure, undefined);
  await inTime(disconnect({ disconnect: () => new Promise(() => {}) }));
});

async function inTime(work: Promise<void>): Promise<void> {
  let isOver = false;
  const done = work.finally(() => isOver = true);
  await eventually("it is over", () => isOver, STOP_LIMIT_MS);
  await done;
}
