import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";
import { connect, type Socket } from "node:net";
import { CompressionTypes } from "kafkajs";
import { EXIT } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { overrideCluster, type ProtocolCall, withCluster } from "../../lib/kafka/client/internal_cluster.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { FETCH } from "../../lib/kafka/protocol/fetch_answer.ts";
import { readPartition } from "../../lib/kafka/scan/read_partition.ts";
import type { OffsetRange } from "../../lib/offset_ranges.ts";
import { eventually } from "../support/commands.ts";
import { randomName, testKafka } from "../support/kafka.ts";
import { sendRaw } from "../support/raw_records.ts";

const MEBIBYTE = 1 << 20;
/** Quicker than kafkajs is by default, to notice that nobody answers. */
const QUICK = { retry: { retries: 1, initialRetryTime: 50 } };

/** A topic with as many records in partition 0 as there are batches times values. */
async function ownTopic(batches: readonly (readonly Buffer[])[]): Promise<string> {
  const topic = randomName();
  await ensureTopics(testKafka(), topic);
  for (const values of batches) {
    await sendRaw(topic, values.map((value) => ({ value })), { compression: CompressionTypes.GZIP });
  }
  return topic;
}

function small(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => Buffer.from(String(index)));
}

/** Reads ranges of partition 0; tells their offsets and how many fetches it took. */
async function read(topic: string, ranges: readonly OffsetRange[]): Promise<{ offsets: number[]; fetches: number }> {
  let fetches = 0;
  const kafka = overrideCluster(createKafka(testKafka()), (cluster) => {
    const { createBroker } = cluster.brokerPool;
    cluster.brokerPool.createBroker = (options) => {
      const send = options.connectionPool.send.bind(options.connectionPool);
      options.connectionPool.send = <T>(call: ProtocolCall<T>) => {
        if (call.request.apiKey === FETCH.apiKey) fetches++;
        return send(call);
      };
      return createBroker(options);
    };
    return cluster;
  });
  const records = await Array.fromAsync(readPartition(kafka, { topic, partition: 0, ranges }));
  return { offsets: records.map(({ offset }) => offset), fetches };
}

/** A client whose connections a test may break. */
function brittleKafka() {
  const sockets = new Set<Socket>();
  let isCut = false;
  const kafka = createKafka(testKafka(), {
    ...QUICK,
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect);
      sockets.add(socket);
      if (isCut) socket.destroy(new Error("cut"));
      return socket;
    },
  });
  const breakAll = () => sockets.forEach((socket) => socket.destroy(new Error("cut")));
  return { kafka, sockets, breakAll, cut: () => (isCut = true, breakAll()) };
}

/** Values that gzip cannot make smaller: a fetch holds one of them. */
function large(count: number): Buffer[][] {
  return Array.from({ length: count }, () => [randomFillSync(Buffer.alloc(MEBIBYTE - 1_000))]);
}

Deno.test("readPartition() reads ranges with gaps between them, as many as a fetch reaches at once", async () => {
  const topic = await ownTopic([small(500), small(500)]);
  const odd = Array.from({ length: 499 }, (_, index) => ({ from: 2 * index + 1, to: 2 * index + 2 }));
  const ranges = [...odd, { from: 998, to: 998 }, { from: 999, to: 1_000 }];
  const { offsets, fetches } = await read(topic, ranges);
  assert.deepEqual(offsets, Array.from({ length: 500 }, (_, index) => 2 * index + 1));
  assert.equal(fetches, 1);
  assert.deepEqual(await read(topic, []), { offsets: [], fetches: 0 });
});

Deno.test("readPartition() passes over a batch between ranges that cannot be read, and names one within", async () => {
  const topic = await ownTopic([small(1), [Buffer.alloc(9 * MEBIBYTE)], small(1)]);
  assert.deepEqual((await read(topic, [{ from: 0, to: 1 }, { from: 2, to: 3 }])).offsets, [0, 2]);
  await assert.rejects(read(topic, [{ from: 0, to: 3 }]), {
    exit: EXIT.unavailable,
    message: new RegExp(`^Cannot read ${topic}: Cannot read the batch of offsets 1 to 1 in partition 0 of ${topic}: `),
  });
});

Deno.test("readPartition() goes on where it was after connections break", async () => {
  const topic = await ownTopic(large(4));
  const { kafka, sockets, breakAll } = brittleKafka();
  const offsets: number[] = [];
  for await (const { offset } of readPartition(kafka, { topic, partition: 0, ranges: [{ from: 0, to: 4 }] })) {
    offsets.push(offset);
    breakAll();
  }
  assert.deepEqual(offsets, [0, 1, 2, 3]);
  assert.ok([...sockets].every(({ destroyed }) => destroyed), "a connection is left open");
});

Deno.test("readPartition() ends with 69 where no broker answers any more", async () => {
  const topic = await ownTopic(large(4));
  const { kafka, cut } = brittleKafka();
  const part = { topic, partition: 0, ranges: [{ from: 0, to: 4 }], patienceMs: 1_000 };
  const offsets: number[] = [];
  await assert.rejects(async () => {
    for await (const { offset } of readPartition(kafka, part)) {
      offsets.push(offset);
      cut();
    }
  }, { exit: EXIT.unavailable, message: `Cannot read ${topic}: no answer for 1 s` });
  assert.equal(offsets[0], 0);
});

Deno.test("readPartition() leaves no connection open where its reader has enough", async () => {
  const topic = await ownTopic([small(2)]);
  const { kafka, sockets } = brittleKafka();
  for await (const { offset } of readPartition(kafka, { topic, partition: 0, ranges: [{ from: 0, to: 2 }] })) {
    assert.equal(offset, 0);
    break;
  }
  assert.ok(sockets.size > 0 && [...sockets].every(({ writable }) => !writable));
});

Deno.test("readPartition() says that records were deleted before it came to them", async () => {
  const topic = await ownTopic([small(5)]);
  const kafka = createKafka(testKafka());
  await withAdmin(kafka, async (admin) => {
    await admin.fetchTopicOffsets(topic); // else kafkajs does not know the leader
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "3" }] });
  });
  const part = { topic, partition: 0, ranges: [{ from: 1, to: 5 }] };
  await assert.rejects(Array.fromAsync(readPartition(kafka, part)), {
    exit: EXIT.unavailable,
    message: `Cannot read ${topic}: records were deleted while it was read, or the topic was recreated; try again`,
  });
  assert.deepEqual((await read(topic, [{ from: 3, to: 5 }])).offsets, [3, 4]);
});

Deno.test("connections that are closed again and again gather no listeners, of which Node would warn", async () => {
  const { kafka, sockets } = brittleKafka();
  await withCluster(kafka, async (cluster) => {
    const broker = await cluster.findControllerBroker();
    await broker.disconnect();
    await eventually("the socket is closed", () => [...sockets].every(({ destroyed }) => destroyed));
    for (let times = 0; times < 20; times++) await broker.disconnect();
  });
  for (const socket of sockets) assert.ok(socket.listenerCount("connect") < 10);
});
