import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { deadLetterSlice } from "../../lib/kafka/dead_letters/dead_letter_slice.ts";
import { DeadLetterTopic } from "../../lib/kafka/dead_letters/dead_letters.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import type { DeadLetter } from "../../lib/ports.ts";
import { deadLetterTopic } from "../../lib/topics.ts";
import { limitBatches, randomName, readTopic, testKafka } from "../support/kafka.ts";
import { watchedWork } from "../support/progress.ts";

/** A sink for the dead letters of a topic of its own, which takes batches of so many bytes. */
async function ownSink(maxBytes: number) {
  const topic = randomName();
  const kafka = createKafka(testKafka());
  await ensureTopics(testKafka(), topic);
  await limitBatches(deadLetterTopic(topic), maxBytes);
  const sink = new DeadLetterTopic(kafka);
  const deadLetter = (offset: number, value: Uint8Array): DeadLetter => ({
    at: { topic, partition: 1, offset },
    key: null,
    value,
    headers: [],
    timestamp: Date.now() - 1_000 * offset,
    reason: "none",
  });
  return { topic, sink, deadLetter };
}

async function offsetsIn(topic: string): Promise<number[]> {
  return (await readTopic(deadLetterTopic(topic))).map(({ headers }) => Number(headers["__connect.errors.offset"]));
}

Deno.test("dead letters that a topic takes alone but not together are sent in parts, in their order", async () => {
  const { topic, sink, deadLetter } = await ownSink(2_000);
  try {
    await sink.send(Array.from({ length: 50 }, (_, offset) => deadLetter(offset, Buffer.alloc(1_000, offset))));
    assert.deepEqual(await offsetsIn(topic), Array.from({ length: 50 }, (_, offset) => offset));
    const tooLarge = Buffer.from(Array.from({ length: 3_000 }, () => Math.random() * 256));
    await assert.rejects(sink.send([deadLetter(50, tooLarge)]), /raise max\.message\.bytes/);
    await sink.send([deadLetter(51, Buffer.alloc(10))]);
    assert.equal((await offsetsIn(topic)).at(-1), 51, "goes on after a failure");
  } finally {
    await sink.close();
  }
});

Deno.test("the count of dead letters shows that it has come to its end, even if a limit ends it", async () => {
  const { topic, sink, deadLetter } = await ownSink(100_000);
  try {
    await sink.send([0, 1, 2].map((offset) => deadLetter(offset, Buffer.alloc(10))));
    for (const limit of [undefined, 2]) {
      const { begin, ended } = watchedWork();
      const choice = { filter: { limit }, run: crypto.randomUUID(), sent: new Set<string>(), begin };
      assert.equal((await deadLetterSlice(createKafka(testKafka()), topic, choice)).total, limit ?? 3);
      assert.deepEqual(ended(), ["Counting the dead letters, records"]);
    }
  } finally {
    await sink.close();
  }
});

Deno.test("a dead letter larger than its topic takes is compressed", async () => {
  const { topic, sink, deadLetter } = await ownSink(100_000);
  try {
    await sink.send([
      deadLetter(0, Buffer.alloc(10)),
      deadLetter(1, Buffer.alloc(3 << 20, "large ")),
      deadLetter(2, Buffer.alloc(0)),
    ]);
    const deadLetters = await readTopic(deadLetterTopic(topic));
    assert.deepEqual(deadLetters.map(({ value }) => value?.length), [10, 3 << 20, 0]);
    assert.deepEqual(deadLetters[1].value, Buffer.alloc(3 << 20, "large "));
  } finally {
    await sink.close();
  }
});

Deno.test("dead letters of batches that are handled at the same time are all in the topic", async () => {
  const { topic, sink, deadLetter } = await ownSink(100_000);
  try {
    const offsets = Array.from({ length: 80 }, (_, offset) => offset);
    const send = (offset: number) => sink.send([deadLetter(offset, Buffer.alloc(10))]);
    await send(0);
    await Promise.all(offsets.slice(1).map(send));
    assert.deepEqual((await offsetsIn(topic)).sort((a, b) => a - b), offsets);
  } finally {
    await sink.close();
  }
});
