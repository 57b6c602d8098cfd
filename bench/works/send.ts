import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { readStock, readUsers } from "../../lib/files/read/read_storage.ts";
import { sampleOrders } from "../../lib/sample_orders.ts";
import type { BenchWorld } from "../bench_world.ts";
import { parseProducerPerformance } from "../peer_output.ts";
import type { StorageImage } from "../storage_image.ts";
import type { Sample, Work } from "../work.ts";

const PEER = "ProducerPerformance";
/** Orders whose average size is the peer's. */
const SIZED = 10_000;

/** Sending sample orders as fast as possible. */
export const PRODUCE: Work = {
  name: "produce",
  title: "produce",
  unit: "orders/s",
  peer: PEER,
  target: { bound: "at least", times: 1 },
  prepare: async (world) => {
    const storage = await world.storage();
    return sending(world, storage, ["produce", "--count", `${world.orders}`, "--delay", "0"]);
  },
};

/** Sending the accepted orders of a log again. */
export const REPLAY: Work = {
  name: "replay",
  title: "replay",
  unit: "orders/s",
  peer: PEER,
  target: { bound: "at least", times: 1 },
  prepare: async (world) => sending(world, await world.storage({ logged: world.orders }), ["replay", "--delay", "0"]),
};

function sending(
  world: BenchWorld,
  storage: StorageImage,
  [name, ...args]: ["produce" | "replay", ...string[]],
): () => Promise<Sample> {
  const recordSize = averageSize(storage);
  return async () => {
    storage.restore();
    const ours = await world.send(name, args, { topic: await world.newTopic(), folder: storage.folder });
    if (ours.sent !== world.orders) throw new Error(`${name} sent ${ours.sent} orders of ${world.orders}`);
    const peer = await sendByPeer(world, recordSize);
    return { ours: ours.orders_per_second, peer, details: { recordSize } };
  };
}

async function sendByPeer(world: BenchWorld, recordSize: number): Promise<number> {
  const amount = ["--num-records", `${world.orders}`, "--record-size", `${recordSize}`, "--throughput", "-1"];
  const safety = ["--command-property", "acks=all", "enable.idempotence=true"];
  const output = await world.peer(PEER, ["--topic", await world.newTopic(), ...amount, ...safety]);
  const { records, recordsPerSecond } = parseProducerPerformance(output);
  if (records !== world.orders) throw new Error(`The peer sent ${records} orders of ${world.orders}`);
  return recordsPerSecond;
}

/** Bytes of the value of a sample order. */
export function averageSize({ folder }: StorageImage): number {
  const samples = sampleOrders({
    seed: "bench",
    users: readUsers(folder),
    items: readStock(folder),
    newOrderId: () => crypto.randomUUID(),
    now: Date.now,
  });
  const bytes = samples.take(SIZED).reduce((sum, { order }) => sum + encodeOrder(1, order).length, 0);
  return Math.round(bytes / SIZED);
}
