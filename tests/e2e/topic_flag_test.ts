import assert from "node:assert/strict";
import { EXIT } from "../../lib/errors.ts";
import { deadLetterTopic } from "../../lib/topics.ts";
import { ownWorld, task } from "../support/commands.ts";
import { readTopic } from "../support/kafka.ts";

const COMMANDS = [["consume", "--until-end"], ["produce", "--count", "1"], ["replay"], ["replay", "--dlq"]];

Deno.test("a topic of Kafka's own or one of dead letters is refused where orders are taken or put, exit 64", async () => {
  using world = ownWorld();
  await task("bootstrap", [], world.env);
  const topics: [string, RegExp][] = [
    ["__consumer_offsets", /^error: __consumer_offsets is a topic of Kafka's own: name .*\(--topic\), or add --yes\n$/],
    ["__transaction_state", /^error: __transaction_state is a topic of Kafka's own/],
    ["orders.dlq", /^error: orders\.dlq is a topic of dead letters: deno task dlq lists .*; or add --yes\n$/],
  ];
  for (const [topic, complaint] of topics) {
    for (const [command, ...flags] of COMMANDS) {
      const { code, stderr } = await task(command, flags, { ...world.env, ORDERS_TOPIC: topic });
      assert.equal(code, EXIT.usage, `${command} ${flags.join(" ")} on ${topic}`);
      assert.match(stderr, complaint);
    }
  }
});

Deno.test("a topic of dead letters is taken with --yes", async () => {
  using world = ownWorld();
  await task("bootstrap", [], world.env);
  const topic = deadLetterTopic(world.env.ORDERS_TOPIC);
  for (const [command, ...flags] of [["produce", "--count", "1"], ["consume", "--until-end"]]) {
    const { code, stderr } = await task(command, [...flags, "--topic", topic, "--yes"], world.env);
    assert.equal(code, EXIT.ok, stderr);
  }
  assert.equal((await readTopic(topic)).length, 1);
});

Deno.test("the help of the commands that take --yes says what for", async () => {
  for (const command of ["consume", "produce", "replay"]) {
    const { stdout } = await task(command, ["--help"], {});
    assert.match(stdout, /--yes +Use the topic even if it is one of Kafka's own/);
  }
});
