import assert from "node:assert/strict";
import { EXIT, Failure } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { createTopics } from "../../lib/kafka/client/create_topics.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { deadLetterTopic } from "../../lib/topics.ts";
import { ownWorld, task } from "../support/commands.ts";
import { randomName, testKafka } from "../support/kafka.ts";

function refused(reason: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.exit, EXIT.config);
    assert.match(error.message, reason);
    return true;
  };
}

Deno.test("a topic whose name collides with another one is refused with the broker's reason, exit 78", async () => {
  using world = ownWorld();
  const name = randomName();
  await ensureTopics(testKafka(), `${name}.a`);
  await task("bootstrap", [], world.env);
  for (const command of [["produce", "--count", "1"], ["consume", "--until-end"]]) {
    const [script, ...flags] = command;
    const { code, stderr } = await task(script, [...flags, "--topic", `${name}_a`], world.env);
    assert.equal(code, EXIT.config);
    assert.match(
      stderr,
      new RegExp(`^error: Cannot create topic ${name}_a: Topic '${name}_a' collides with .*${name}\\.a; take another`),
    );
  }
});

Deno.test("a dead letter topic that cannot be created is the one that is named", async () => {
  const name = randomName();
  await ensureTopics(testKafka(), `${name}_dlq`);
  const reason = new RegExp(`Cannot create topic ${deadLetterTopic(name)}: Topic '${deadLetterTopic(name)}' collides`);
  await assert.rejects(ensureTopics(testKafka(), name), refused(reason));
});

Deno.test("a topic that wants more replicas than there are brokers, or an impossible name or setting, is refused", async () => {
  const kafka = createKafka(testKafka());
  const create = (topic: object) => createTopics(kafka, [{ topic: randomName(), ...topic }]);
  await assert.rejects(create({ replicationFactor: 30 }), refused(/replication factor of 30 cannot be reached/));
  await assert.rejects(create({ topic: "a b" }), refused(/Cannot create topic a b: .*invalid/i));
  const configEntries = [{ name: "retention.ms", value: "soon" }];
  await assert.rejects(create({ configEntries }), refused(/Invalid value soon for configuration retention\.ms/));
});
