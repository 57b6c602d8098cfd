import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKOUT } from "../../../tools/stack/folders.ts";

const COMPOSE_FILE = join(CHECKOUT, "docker", "compose.yml");
const HAS_COMPOSE = await isInstalled("docker-compose");
const REMEDY = HAS_COMPOSE ? "" : " (skipped: install docker-compose)";

const EXPORTER = "KAFKA_CONFLUENT_TELEMETRY_EXPORTER_C3PLUSPLUS_";
/**
 * Those that Confluent sets itself, and no other: an image passes over a name that it does not know. From
 * cp-all-in-one/docker-compose.yml of github.com/confluentinc/cp-all-in-one, branch 8.2.0-post (cp-server 8.2.0,
 * Control Center 2.5.0), but for the last ones, which are settings of the broker in Apache Kafka's documentation.
 */
const KNOWN_VARIABLES = new Set([
  "CLUSTER_ID",
  "CONFLUENT_METRICS_REPORTER_BOOTSTRAP_SERVERS",
  "CONFLUENT_METRICS_REPORTER_TOPIC_REPLICAS",
  "KAFKA_ADVERTISED_LISTENERS",
  "KAFKA_CONFLUENT_BALANCER_TOPIC_REPLICATION_FACTOR",
  "KAFKA_CONFLUENT_CONSUMER_LAG_EMITTER_ENABLED",
  "KAFKA_CONFLUENT_LICENSE_TOPIC_REPLICATION_FACTOR",
  "KAFKA_CONFLUENT_TELEMETRY_METRICS_COLLECTOR_INTERVAL_MS",
  "KAFKA_CONFLUENT_TELEMETRY_REMOTECONFIG_CONFLUENT_ENABLED",
  `${EXPORTER}API_KEY`,
  `${EXPORTER}API_SECRET`,
  `${EXPORTER}BUFFER_BATCH_ITEMS_MAX`,
  `${EXPORTER}BUFFER_INFLIGHT_SUBMISSIONS_MAX`,
  `${EXPORTER}BUFFER_PENDING_BATCHES_MAX`,
  `${EXPORTER}CLIENT_BASE_URL`,
  `${EXPORTER}CLIENT_COMPRESSION`,
  `${EXPORTER}ENABLED`,
  `${EXPORTER}METRICS_INCLUDE`,
  `${EXPORTER}TYPE`,
  "KAFKA_CONTROLLER_LISTENER_NAMES",
  "KAFKA_CONTROLLER_QUORUM_VOTERS",
  "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS",
  "KAFKA_INTER_BROKER_LISTENER_NAME",
  "KAFKA_LISTENERS",
  "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
  "KAFKA_LOG_DIRS",
  "KAFKA_METRIC_REPORTERS",
  "KAFKA_NODE_ID",
  "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR",
  "KAFKA_PROCESS_ROLES",
  "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR",
  "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
  "SCHEMA_REGISTRY_HOST_NAME",
  "SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS",
  "SCHEMA_REGISTRY_LISTENERS",
  "CONFIG_PATH",
  "LOG_FILE",
  "SHOULD_LOG_TO_FILE",
  "CONFLUENT_METRICS_TOPIC_REPLICATION",
  "CONTROL_CENTER_ALERTMANAGER_CONFIG_FILE",
  "CONTROL_CENTER_ALERTMANAGER_URL",
  "CONTROL_CENTER_BOOTSTRAP_SERVERS",
  "CONTROL_CENTER_INTERNAL_TOPICS_PARTITIONS",
  "CONTROL_CENTER_MONITORING_INTERCEPTOR_TOPIC_PARTITIONS",
  "CONTROL_CENTER_PROMETHEUS_ENABLE",
  "CONTROL_CENTER_PROMETHEUS_RULES_FILE",
  "CONTROL_CENTER_PROMETHEUS_URL",
  "CONTROL_CENTER_REPLICATION_FACTOR",
  "CONTROL_CENTER_SCHEMA_REGISTRY_URL",
  "PORT",
  // Kafka's own: group.min.session.timeout.ms, share.coordinator.state.topic.*
  "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS",
  "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR",
  "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR",
  // Of the official image of PostgreSQL: hub.docker.com/_/postgres
  "POSTGRES_INITDB_ARGS",
  "POSTGRES_PASSWORD",
]);

/** What the test reads of a service in the normalised form that `config` prints. */
interface Service {
  image: string;
  ports: string[];
  volumes: string[];
  keys: string[];
  /** What it finds in its environment. */
  variables: Record<string, string>;
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
  name: `compose.yml runs pinned images, Control Center at its usual port${REMEDY}`,
  ignore: !HAS_COMPOSE,
  async fn() {
    const all = await services();
    assert.deepEqual(Object.fromEntries([...all].map(([name, { image }]) => [name, image])), {
      "kafka": "confluentinc/cp-server:8.2.0",
      "schema-registry": "confluentinc/cp-schema-registry:8.2.0",
      "prometheus": "confluentinc/cp-enterprise-prometheus:2.5.0",
      "alertmanager": "confluentinc/cp-enterprise-alertmanager:2.5.0",
      "control-center": "confluentinc/cp-enterprise-control-center-next-gen:2.5.0",
      "postgres": "postgres:18.6",
    });
    assert.deepEqual(all.get("control-center")!.ports, ["127.0.0.1:9021:9021/tcp"]);
    assert.deepEqual(all.get("kafka")!.volumes, ["kafka-data:/var/lib/kafka/data:rw"]);
    assert.deepEqual(all.get("postgres")!.volumes, ["postgres-data:/var/lib/postgresql:rw"]);
  },
});

Deno.test({
  name: `compose.yml takes the ports of broker, registry and database from the environment${REMEDY}`,
  ignore: !HAS_COMPOSE,
  async fn() {
    const text = await config({ KAFKA_PORT: "19092", REGISTRY_PORT: "18081", POSTGRES_PORT: "15432" });
    const all = parseServices(text);
    assert.deepEqual(all.get("kafka")!.ports, ["127.0.0.1:19092:9092/tcp"]);
    assert.deepEqual(all.get("schema-registry")!.ports, ["127.0.0.1:18081:8081/tcp"]);
    assert.deepEqual(all.get("postgres")!.ports, ["127.0.0.1:15432:5432/tcp"]);
    assert.match(text, /HOST:\/\/127\.0\.0\.1:19092/, "the broker must advertise the port that clients reach");
  },
});

Deno.test({
  name: `compose.yml has a database where it is asked for only, with the password that it is given${REMEDY}`,
  ignore: !HAS_COMPOSE,
  async fn() {
    const profiled = [...await services()].filter(([, { keys }]) => keys.includes("profiles"));
    assert.deepEqual(profiled.map(([name]) => name), ["postgres"]);
    const { variables } = parseServices(await config({ POSTGRES_PASSWORD: "given" })).get("postgres")!;
    assert.equal(variables.POSTGRES_PASSWORD, "given");
    // The image starts with no empty one, so that a compose file on its own makes no database open to all.
    assert.equal((await services()).get("postgres")!.variables.POSTGRES_PASSWORD, "''");
  },
});

Deno.test({
  name: `compose.yml lets the broker report throughput and lag to Control Center's Prometheus${REMEDY}`,
  ignore: !HAS_COMPOSE,
  async fn() {
    const { kafka, "control-center": center } = Object.fromEntries(
      [...await services()].map(([name, { variables }]) => [name, variables]),
    );
    const exporter = (name: string) => kafka[`KAFKA_CONFLUENT_TELEMETRY_EXPORTER_C3PLUSPLUS_${name}`];
    assert.equal(kafka.KAFKA_METRIC_REPORTERS, "io.confluent.telemetry.reporter.TelemetryReporter");
    assert.deepEqual([exporter("TYPE"), exporter("ENABLED")], ["http", "true"]);
    assert.equal(exporter("CLIENT_BASE_URL"), `${center.CONTROL_CENTER_PROMETHEUS_URL}/api/v1/otlp`);
    const reported = exporter("METRICS_INCLUDE").split("|");
    for (const name of reported) assert.match(name, /^io\.confluent\.(kafka|telemetry)(\.(\w+|\(\?!\.\*delta\)|\*))+$/);
    for (const name of ["broker.topic.bytes.in.rate.1.min", "tenant.consumer.lag.offsets", "log.log.end.offset"]) {
      assert.ok(reported.includes(`io.confluent.kafka.server.${name}`), name);
    }
    assert.equal(kafka.KAFKA_CONFLUENT_CONSUMER_LAG_EMITTER_ENABLED, "true");
  },
});

Deno.test({
  name: `compose.yml sets no variable that its images do not know${REMEDY}`,
  ignore: !HAS_COMPOSE,
  async fn() {
    for (const [service, { variables }] of await services()) {
      for (const name of Object.keys(variables)) assert.ok(KNOWN_VARIABLES.has(name), `${service}: ${name}`);
    }
  },
});

Deno.test("prometheus-generated.yml names rules that are there", () => {
  const folder = join(CHECKOUT, "docker", "control-center");
  const [, rules] = /^rule_files:\n((?: .*\n)+)/m.exec(
    Deno.readTextFileSync(join(folder, "prometheus-generated.yml")),
  )!;
  const names = [...rules.matchAll(/^ +- (\S+)$/gm)].map(([, name]) => name);
  assert.deepEqual(names, ["recording_rules-generated.yml", "trigger_rules-generated.yml"]);
  for (const name of names) assert.match(Deno.readTextFileSync(join(folder, name)), /^groups:$/m);
});

async function services(): Promise<Map<string, Service>> {
  const all = parseServices(await config({}));
  assert.equal(all.size, 6);
  return all;
}

async function config(env: Record<string, string>): Promise<string> {
  const args = ["-f", COMPOSE_FILE, "--profile", "postgres", "config"];
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
    if (name !== undefined) {
      all.set(name, service = { image: "", ports: [], volumes: [], keys: [], variables: {}, conditions: [] });
    }
    const field = /^ {4}(\w+):(?: (.*))?$/.exec(line);
    if (field !== null) service!.keys.push(key = field[1]);
    if (field?.[1] === "image") service!.image = field[2];
    const variable = /^ {6}(\S+): "?(.*?)"?$/.exec(line);
    if (variable !== null && key === "environment") service!.variables[variable[1]] = variable[2];
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
