import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKOUT } from "../../../tools/stack/folders.ts";

const COMPOSE_FILE = join(CHECKOUT, "docker", "compose.yml");
const HAS_COMPOSE = await isInstalled("docker-compose");
const REMEDY = HAS_COMPOSE ? "" : " (skipped: install docker-compose)";

/** What the test reads of a service in the normalised form that `config` prints. */
interface Service {
  image: string;
  ports: string[];
  volumes: string[];
  keys: string[];
  /** The conditions under which it starts. */
  conditions: string[];
}

Deno.test({
  name: `compose.yml publishes every port on the loopback address only${REMEDY}`,
  ignore: !HAS_COMPOSE,
  async fn() {
    for (const [name, { ports }] of await services()) {
      assert.ok(ports.length > 0, `${name} publishes no port`);
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+\/tcp$/, name);
    }
  },
});

Deno.test({
  name: `compose.yml checks the health of every service and waits for it${REMEDY}`,
  ignore: !HAS_COMPOSE,
  async fn() {
    for (const [name, { keys, conditions }] of await services()) {
      assert.ok(keys.includes("healthcheck"), `${name} has no healthcheck`);
      for (const condition of conditions) assert.equal(condition, "service_healthy", name);
    }
  },
});

Deno.test({
  name: `compose.yml runs pinned images of Confluent, Control Center at its usual port${REMEDY}`,
  ignore: !HAS_COMPOSE,
  async fn() {
    const all = await services();
    assert.deepEqual(Object.fromEntries([...all].map(([name, { image }]) => [name, image])), {
      "kafka": "confluentinc/cp-kafka:8.2.0",
      "schema-registry": "confluentinc/cp-schema-registry:8.2.0",
      "prometheus": "confluentinc/cp-enterprise-prometheus:2.5.0",
      "alertmanager": "confluentinc/cp-enterprise-alertmanager:2.5.0",
      "control-center": "confluentinc/cp-enterprise-control-center-next-gen:2.5.0",
    });
    assert.deepEqual(all.get("control-center")!.ports, ["127.0.0.1:9021:9021/tcp"]);
    assert.deepEqual(all.get("kafka")!.volumes, ["kafka-data:/var/lib/kafka/data:rw"]);
  },
});

Deno.test({
  name: `compose.yml takes the ports of broker and registry from the environment${REMEDY}`,
  ignore: !HAS_COMPOSE,
  async fn() {
    const text = await config({ KAFKA_PORT: "19092", REGISTRY_PORT: "18081" });
    const all = parseServices(text);
    assert.deepEqual(all.get("kafka")!.ports, ["127.0.0.1:19092:9092/tcp"]);
    assert.deepEqual(all.get("schema-registry")!.ports, ["127.0.0.1:18081:8081/tcp"]);
    assert.match(text, /HOST:\/\/127\.0\.0\.1:19092/, "the broker must advertise the port that clients reach");
  },
});

async function services(): Promise<Map<string, Service>> {
  const all = parseServices(await config({}));
  assert.equal(all.size, 5);
  return all;
}

async function config(env: Record<string, string>): Promise<string> {
  const args = ["-f", COMPOSE_FILE, "config"];
  const { success, stdout, stderr } = await new Deno.Command("docker-compose", { args, env, stdin: "null" }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Reads the block YAML of `config`, which indents by two and never varies. */
function parseServices(text: string): Map<string, Service> {
  const [, block] = /^services:\n((?: .*\n)+)/m.exec(text)!;
  const all = new Map<string, Service>();
  let service: Service | undefined;
  let key = "";
  for (const line of block.split("\n")) {
    const name = /^ {2}(\S+):$/.exec(line)?.[1];
    if (name !== undefined) all.set(name, service = { image: "", ports: [], volumes: [], keys: [], conditions: [] });
    const field = /^ {4}(\w+):(?: (.*))?$/.exec(line);
    if (field !== null) service!.keys.push(key = field[1]);
    if (field?.[1] === "image") service!.image = field[2];
    const item = /^ {4}- (.*)$/.exec(line)?.[1];
    if (item !== undefined && (key === "ports" || key === "volumes")) service![key].push(item);
    const condition = /^ {8}condition: (.*)$/.exec(line)?.[1];
    if (condition !== undefined) service!.conditions.push(condition);
  }
  return all;
}

async function isInstalled(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"], stdin: "null" }).output()).success;
  } catch {
    return false;
  }
}
