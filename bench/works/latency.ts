import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { storageLayout } from "../../lib/files/disk/layout.ts";
import { readStock, readUsers } from "../../lib/files/read/read_storage.ts";
import { createPublisher, type Publisher } from "../../lib/kafka/produce/publisher.ts";
import { sendPaced } from "../../lib/pace.ts";
import { type SampleOrder, sampleOrders } from "../../lib/sample_orders.ts";
import { valueSubject } from "../../lib/topics.ts";
import type { BenchWorld } from "../bench_world.ts";
import { LogWatch } from "../log_watch.ts";
import { parseEndToEndLatency } from "../peer_output.ts";
import { percentile } from "../statistics.ts";
import type { StorageImage } from "../storage_image.ts";
import type { Work } from "../work.ts";
import { averageSize } from "./send.ts";

const RATE = 100;
/** Half a minute at the rate; less in a small run. */
const MOST_ORDERS = 3_000;
const FEWEST_ORDERS = 300;
/** The peer gives whole milliseconds, rounded down: below this it says nothing. */
const PEER_RESOLUTION_MS = 1;

/** From the call that sends an order to its line in `orders.jsonl`, one order a send. */
export const LATENCY: Work = {
  name: "latency",
  title: "order sent until it is in orders.jsonl, p99",
  unit: "ms",
  peer: "EndToEndLatency, p99",
  target: { bound: "at most", times: 2 },
  async prepare(world) {
    const storage = await world.storage();
    const count = Math.round(Math.max(FEWEST_ORDERS, Math.min(MOST_ORDERS, world.orders / 100)));
    return async () => {
      storage.restore();
      const times = await measure(world, storage, count);
      const peer = await measurePeer(world, count, averageSize(storage));
      const details = { count, p50: percentile(times, 0.5), peerP50: peer.p50 };
      return { ours: percentile(times, 0.99), peer: Math.max(PEER_RESOLUTION_MS, peer.p99), details };
    };
  },
};

/** The milliseconds each of `count` orders took. */
async function measure(world: BenchWorld, storage: StorageImage, count: number): Promise<number[]> {
  const topic = await world.newTopic();
  const schemaId = await registerOrderSchema(world.registry, valueSubject(topic));
  const encode = ({ order }: SampleOrder) => encodeOrder(schemaId, order);
  const publisher = await createPublisher<SampleOrder>({ connection: world.kafka, topic, key: "item", encode });
  try {
    await using consumer = world.startConsumer({ topic, folder: storage.folder });
    const died = consumer.end.then(({ stderr }) => {
      world.signal.throwIfAborted();
      throw new Error(`consume ended: ${stderr.trim()}`);
    });
    died.catch(() => {}); // even when nobody waits for it any more
    using watch = new LogWatch(storageLayout(storage.folder).orders);
    const samples = [...orders(storage).take(1 + count)];
    // The first one waits for the consumer to join; it is not counted.
    await Promise.race([sendAndSee(samples.slice(0, 1), { publisher, watch, world }), died]);
    return await Promise.race([sendAndSee(samples.slice(1), { publisher, watch, world }), died]);
  } finally {
    await publisher.close();
  }
}

async function sendAndSee(
  orders: SampleOrder[],
  { publisher, watch, world }: { publisher: Publisher<SampleOrder>; watch: LogWatch; world: BenchWorld },
): Promise<number[]> {
  const sentAt = new Map<string, number>();
  const sends: Promise<void>[] = [];
  const seen = watch.until(orders.map(({ order }) => order.order_id));
  seen.catch(() => {}); // if a send fails first, that is the error
  await sendPaced(orders, {
    pace: { rate: RATE },
    stop: world.signal,
    send: (due) => {
      for (const outgoing of due) {
        sentAt.set(outgoing.order.order_id, performance.now());
        sends.push(publisher.send([outgoing]));
      }
      return Promise.resolve(); // a slow send must not keep the next one from being due
    },
  });
  world.signal.throwIfAborted();
  await Promise.all(sends);
  const seenAt = await seen;
  return [...sentAt].map(([orderId, at]) => seenAt.get(orderId)! - at);
}

function orders({ folder }: StorageImage): Generator<SampleOrder, never> {
  const [users, items] = [readUsers(folder), readStock(folder)];
  return sampleOrders({ seed: "bench", users, items, mix: {}, newOrderId: () => crypto.randomUUID(), now: Date.now });
}

async function measurePeer(world: BenchWorld, count: number, recordSize: number) {
  const args = ["--num-records", `${count}`, "--producer-acks", "all", "--record-size", `${recordSize}`];
  return parseEndToEndLatency(await world.peer("EndToEndLatency", ["--topic", await world.newTopic(), ...args]));
}
