import { join } from "node:path";
import { newName } from "../bench_world.ts";
import { StreamsApp } from "../streams_app.ts";
import type { Work } from "../work.ts";

/** Judging a full topic into an empty storage, against a Kafka Streams application that decides the same. */
export const STREAMS: Work = {
  name: "streams",
  title: "consume, the peer deciding too",
  unit: "orders/s",
  peer: "Kafka Streams, exactly once",
  target: { bound: "at least", times: 4 },
  async prepare(world) {
    const { env, folder, tools } = world.settings;
    const [topic, storage] = [await world.topicWith(), await world.storage()];
    const app = await StreamsApp.provide(tools, world.signal);
    return async () => {
      storage.restore();
      const ours = await world.consume(topic, storage);
      storage.restore(); // the same opening stock for both
      const [brokers, output, group] = [env.KAFKA_BOOTSTRAP_SERVERS, await world.newTopic(), newName()];
      const run = { brokers, topic, output, group, storage: storage.folder, stateDir: join(folder, group) };
      const { orders, accepted, judgedSeconds, committedSeconds } = await app.judge(run, world.signal);
      if (orders !== ours.orders || accepted !== ours.accepted) {
        throw new Error(
          `consume accepted ${ours.accepted} of ${ours.orders} orders, Kafka Streams ${accepted} of ${orders}`,
        );
      }
      const details = { accepted, peerJudged: orders / judgedSeconds };
      return { ours: ours.ordersPerSecond, peer: orders / committedSeconds, details };
    };
  },
};
