import assert from "node:assert/strict";
import { groupSetting, kafkaSettings, storageSetting } from "../../../lib/cli/settings.ts";
import { EXIT } from "../../../lib/errors.ts";

const NO_FLAGS = { brokers: undefined, registry: undefined, topic: undefined, allowPlaintextCredentials: false };
const NAMES = ["KAFKA_BOOTSTRAP_SERVERS", "SCHEMA_REGISTRY_URL", "ORDERS_TOPIC", "CONSUMER_GROUP_ID", "STORAGE_DIR"];

/** Runs `work` in an empty folder, where no local stack is known, with these variables and no others of ours. */
function inWorld(env: Record<string, string>, work: (folder: string) => void, stack?: string): void {
  const before = { folder: Deno.cwd(), env: NAMES.map((name) => [name, Deno.env.get(name)] as const) };
  const folder = Deno.makeTempDirSync();
  try {
    for (const name of NAMES) Deno.env.delete(name);
    for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
    Deno.chdir(folder);
    Deno.mkdirSync(".stack");
    if (stack !== undefined) Deno.writeTextFileSync(".stack/stack.json", stack);
    work(folder);
  } finally {
    Deno.chdir(before.folder);
    for (const [name, value] of before.env) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("kafkaSettings() falls back to the well-known ports", () => {
  inWorld({}, () => {
    const expected = {
      kafka: { brokers: ["localhost:9092"] },
      registry: { url: "http://localhost:8081" },
      topic: "orders",
    };
    assert.deepEqual(kafkaSettings(NO_FLAGS), expected);
    assert.deepEqual([groupSetting({ group: undefined }), storageSetting({ storage: undefined })], [
      "order-processor",
      "storage",
    ]);
  });
});

Deno.test("kafkaSettings() prefers flag to environment to the running stack", () => {
  const stack = JSON.stringify({ brokers: "stack:1", registry: "http://stack:2" });
  inWorld({}, () => assert.deepEqual(kafkaSettings(NO_FLAGS).kafka.brokers, ["stack:1"]), stack);
  const env = { KAFKA_BOOTSTRAP_SERVERS: "env:1, env:2", SCHEMA_REGISTRY_URL: "https://env/", ORDERS_TOPIC: "env" };
  inWorld(env, () => {
    assert.deepEqual(kafkaSettings(NO_FLAGS), {
      kafka: { brokers: ["env:1", "env:2"] },
      registry: { url: "https://env" },
      topic: "env",
    });
    const flags = { brokers: "flag:1", registry: "http://flag", topic: "flag" };
    assert.deepEqual(kafkaSettings({ ...NO_FLAGS, ...flags }), {
      kafka: { brokers: ["flag:1"] },
      registry: { url: "http://flag" },
      topic: "flag",
    });
  }, stack);
  inWorld({ CONSUMER_GROUP_ID: "env", STORAGE_DIR: "/env" }, () => {
    assert.deepEqual([groupSetting({ group: undefined }), groupSetting({ group: "flag" })], ["env", "flag"]);
    assert.deepEqual([storageSetting({ storage: undefined }), storageSetting({ storage: "flag" })], ["/env", "flag"]);
  });
});

Deno.test("kafkaSettings() takes an empty variable and half a stack file for none", () => {
  inWorld({ KAFKA_BOOTSTRAP_SERVERS: "", ORDERS_TOPIC: "" }, () => {
    assert.deepEqual([kafkaSettings(NO_FLAGS).kafka.brokers, kafkaSettings(NO_FLAGS).topic], [
      ["localhost:9092"],
      "orders",
    ]);
  }, '{"brokers":');
});

Deno.test("kafkaSettings() refuses what cannot be a broker, registry or topic with 78", () => {
  inWorld({}, () => {
    const config = { exit: EXIT.config };
    for (const brokers of ["localhost", ":9092", "host:", "host:123456", ",", "a:1,b", "[::1]:9092", "::1:9092"]) {
      assert.throws(() => kafkaSettings({ ...NO_FLAGS, brokers }), config, brokers);
    }
    for (const registry of ["localhost:8081", "ftp://x", "nonsense", "file:///etc"]) {
      assert.throws(() => kafkaSettings({ ...NO_FLAGS, registry }), config, registry);
    }
    const inside = { exit: EXIT.config, message: /^The .* must not hold a user or password/ };
    assert.throws(() => kafkaSettings({ ...NO_FLAGS, brokers: "alice:canary@a:1" }), inside);
    assert.throws(() => kafkaSettings({ ...NO_FLAGS, registry: "http://alice:canary@a:1" }), inside);
    for (const topic of [".", "..", "a b", "a/b", "é", "x".repeat(246)]) {
      assert.throws(() => kafkaSettings({ ...NO_FLAGS, topic }), config, topic);
    }
    assert.throws(() => groupSetting({ group: " " }), config);
    assert.equal(kafkaSettings({ ...NO_FLAGS, topic: "x".repeat(245) }).topic.length, 245);
  });
});
