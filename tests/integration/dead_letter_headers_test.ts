import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EXIT } from "../../lib/errors.ts";
import type { Header } from "../../lib/header.ts";
import { BatchProducer } from "../../lib/kafka/produce/batch_producer.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import type { OutgoingRecord } from "../../lib/kafka/protocol/record_writer.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { deadLetterTopic } from "../../lib/topics.ts";
import { ownWorld, task } from "../support/commands.ts";
import { readTopic, testKafka } from "../support/kafka.ts";

const RUNS = ["11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-666666666666"];
const text = (name: string, value: string): Header => [name, Buffer.from(value)];

/** Null and empty values, repeats apart from one another, names that objects put first or do not take, bytes. */
const HEADERS: Header[] = [
  text("b", "1"),
  ["none", null],
  text("empty", ""),
  text("2", "a number for a name"),
  text("1", "another"),
  text("b", "2"),
  text("__proto__", "x"),
  text("", "no name"),
  text("\ufeffé", "a byte order mark"),
  [Buffer.from([0xff, 0xfe]), Buffer.from([0, 0xff])],
  text("b", "3"),
];
/** As a system before ours may have put them, at the end and with headers of the same names as ours. */
const THEIRS: Header[] = [
  text("before", "1"),
  text("__connect.errors.topic", "elsewhere"),
  text("__connect.errors.partition", "9"),
  text("__connect.errors.offset", "99"),
  text("__connect.errors.stage", "TRANSFORMATION"),
  text("__connect.errors.exception.message", "their reason"),
  ["__connect.errors.exception.stacktrace", null],
];
const RECORDS: OutgoingRecord[] = [
  { key: null, value: Buffer.from("no order"), headers: HEADERS as OutgoingRecord["headers"], timestamp: 1 },
  { key: Buffer.from([0xff]), value: null, headers: THEIRS as OutgoingRecord["headers"], timestamp: 2 ** 40 },
  { key: Buffer.from("k"), value: Buffer.alloc(600_000, "large"), headers: [["none", null]] },
];

async function send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
  await ensureTopics(testKafka(), topic);
  const producer = await BatchProducer.connect(createKafka(testKafka()), topic);
  try {
    await producer.send(0, records, { deadline: Date.now() + 10_000 });
  } finally {
    await producer.disconnect();
  }
}

/** Headers with their bytes as such, however they are held. */
function bytesOf(headers: readonly Header[]) {
  return headers.map((header) => header.map((content) => content === null ? null : Buffer.from(content as string)));
}

Deno.test("headers stay the same, in their order, as a dead letter and through replay --dlq, time after time", async (t) => {
  using world = ownWorld();
  const { env } = world;
  const topic = env.ORDERS_TOPIC;
  const ok = async (name: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await task(name, args, env);
    assert.equal(code, EXIT.ok, `${name}: ${stderr}`);
    return stdout;
  };
  await ok("bootstrap");
  await send(topic, RECORDS);
  const sent = RECORDS.map(({ headers }) => bytesOf(headers as Header[]));

  await t.step("as dead letters, with where they came from and why behind them", async () => {
    await ok("consume", "--until-end");
    const deadLetters = await readTopic(deadLetterTopic(topic));
    assert.deepEqual(deadLetters.map(({ rawHeaders }) => bytesOf(rawHeaders.slice(0, -5))), sent);
    assert.deepEqual(deadLetters[1].rawHeaders.slice(-5).map(([name, value]) => `${name} ${value}`), [
      `__connect.errors.topic ${topic}`,
      "__connect.errors.partition 0",
      "__connect.errors.offset 1",
      "__connect.errors.stage VALUE_CONVERTER",
      "__connect.errors.exception.message Null value",
    ]);
    const raw = ({ key, value }: { key: unknown; value: unknown }) => ({ key, value });
    assert.deepEqual(deadLetters.map(raw), (await readTopic(topic)).map(raw));
  });

  await t.step("in dlq, by our reason and origin, with the headers that they came with", async () => {
    const deadLetters = (await ok("dlq", "--json")).trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(deadLetters.map(({ origin }) => origin.offset), [0, 1, 2]);
    assert.deepEqual(deadLetters[0].headers[1], ["none", null]);
    assert.deepEqual(deadLetters[0].headers[9], [{ base64: "//4=" }, { base64: "AP8=" }]);
    assert.deepEqual(deadLetters.slice(0, 2).map(({ timestamp }) => timestamp), [1, 2 ** 40]);
    assert.deepEqual(deadLetters[1].headers.at(4), ["__connect.errors.stage", "TRANSFORMATION"]);
    assert.equal(deadLetters[1].reason, "Null value");
    assert.equal(await ok("dlq", "--reason", "their reason"), "");
    const shown = await ok("dlq");
    assert.match(shown, /header {2}none: null\n {2}header {2}empty: \n {2}header {2}2: a number/);
    assert.match(shown, /header {2}ff fe: 00 ff\n/);
  });

  await t.step("back in the topic, with the mark of the run alone behind them", async () => {
    for (const run of RUNS) {
      const before = (await readTopic(topic)).length;
      const from = (await readTopic(deadLetterTopic(topic))).length - RECORDS.length;
      await ok("replay", "--dlq", "--run", run, "--from", String(from));
      const back = (await readTopic(topic)).slice(before);
      assert.deepEqual(back.map(({ rawHeaders }) => bytesOf(rawHeaders.slice(0, -1))), sent, run);
      assert.ok(back.every(({ headers }) => headers.replay_run.startsWith(run)));
      await ok("consume", "--until-end");
    }
  });
  await ok("verify");
});
