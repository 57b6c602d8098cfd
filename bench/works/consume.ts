import { type BenchWorld, newName, type StorageWish, type TopicWish } from "../bench_world.ts";
import { parseConsumerPerformance } from "../peer_output.ts";
import type { Sample, Work } from "../work.ts";

const UNIT = "orders/s";
/** How long the peer waits for a record before it gives up. */
const PEER_PATIENCE_MS = 60_000;

/** Judging a full topic into an empty storage, compared with only reading it. */
export const CONSUME: Work = {
  name: "consume",
  title: "consume",
  unit: UNIT,
  peer: "ConsumerPerformance",
  target: { bound: "at least", times: 0.55 },
  prepare: (world) => againstReading(world, {}),
};

/** The same onto a long log, with many items. */
export const LARGE: Work = {
  name: "large",
  title: "consume onto a long log, with 100,000 items",
  unit: UNIT,
  peer: "ConsumerPerformance",
  target: { bound: "at least", times: 0.35 },
  prepare: (world) => againstReading(world, large(world)),
};

/** What a long log and many items cost. */
export const GROWTH: Work = {
  name: "growth",
  title: "consume onto a long log, with 100,000 items",
  unit: UNIT,
  peer: "onto an empty log, with 3 items",
  target: { bound: "at least", times: 0.6 },
  prepare: (world) => compare(world, large(world)),
};

/** What rejections cost. */
export const REJECTED: Work = {
  name: "rejected",
  title: "consume, half of the orders rejected",
  unit: UNIT,
  peer: "all accepted",
  target: { bound: "at least", times: 0.8 },
  prepare: (world) => compare(world, { topic: { mix: "unpaid=50" } }),
};

interface Case {
  storage?: StorageWish;
  topic?: TopicWish;
}

function large({ orders }: BenchWorld): Case {
  const many = { items: 100_000 };
  return { storage: { ...many, logged: 10 * orders }, topic: many };
}

/** Consuming in a case, against only reading the same topic. */
async function againstReading(world: BenchWorld, wish: Case): Promise<() => Promise<Sample>> {
  const topic = await world.topicWith(wish.topic);
  const storage = await world.storage(wish.storage);
  return async () => {
    storage.restore();
    const ours = await world.consume(topic, storage);
    const peer = await readByPeer(world, topic);
    const details = { accepted: ours.accepted, peerWithoutJoining: peer.fetchRecordsPerSecond };
    return { ours: ours.ordersPerSecond, peer: peer.recordsPerSecond, details };
  };
}

/** Consuming in a case, against consuming in the plainest one. */
async function compare(world: BenchWorld, ours: Case): Promise<() => Promise<Sample>> {
  const runs = [await consumption(world, ours), await consumption(world, {})];
  return async () => {
    const [our, theirs] = [await runs[0](), await runs[1]()];
    const details = { accepted: our.accepted, peerAccepted: theirs.accepted };
    return { ours: our.ordersPerSecond, peer: theirs.ordersPerSecond, details };
  };
}

async function consumption(world: BenchWorld, wish: Case) {
  const [topic, storage] = [await world.topicWith(wish.topic), await world.storage(wish.storage)];
  return () => {
    storage.restore();
    return world.consume(topic, storage);
  };
}

async function readByPeer(world: BenchWorld, topic: string) {
  const amount = ["--num-records", `${world.orders}`, "--timeout", `${PEER_PATIENCE_MS}`];
  const figures = parseConsumerPerformance(
    await world.peer("ConsumerPerformance", ["--topic", topic, "--group", newName(), ...amount]),
  );
  // If records are missing it only warns, and exits 0.
  if (figures.records < world.orders) throw new Error(`The peer read ${figures.records} orders of ${world.orders}`);
  return figures;
}
