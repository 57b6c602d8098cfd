import assert from "node:assert/strict";
import { join } from "node:path";
import type { Admin, Kafka, KafkaConfig, SASLOptions } from "kafkajs";
import { EXIT } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client.ts";
import { disconnect } from "../../lib/kafka/disconnect.ts";
import { scanTopic } from "../../lib/kafka/topic_scan.ts";
import { isAlive } from "../../tools/stack/processes.ts";
import { aclsOf, createAcls } from "../../tools/stack/secure/acls.ts";
import { connectionOf } from "../../tools/stack/secure/connection.ts";
import { readPassword } from "../../tools/stack/secure/secrets.ts";
import { secureFolder } from "../../tools/stack/secure/secure_folder.ts";
import { type User, USER_NAMES } from "../../tools/stack/secure/users.ts";
import { readState, type StackState } from "../../tools/stack/state.ts";
import { type Finished, startTask } from "../support/commands.ts";

const FLAGS = ["--secure", "--kafka-port", "0", "--registry-port", "0"];
const ORDERS = "orders";
const LETTERS = "orders.dlq";
const GROUP = "order-processor";

/** Runs `tools/stack/SCRIPT.ts` as its task does. */
async function stack(script: "up" | "down", dataDir: string, flags: string[]): Promise<Finished> {
  await using running = startTask(script, ["--data-dir", dataDir, ...flags], {});
  return await running.end;
}

/** One line on stderr and the exit code. */
async function assertRefused(dataDir: string, flags: string[], { exit, says }: { exit: number; says: RegExp }) {
  const { code, stderr } = await stack("up", dataDir, flags);
  assert.equal(code, exit, stderr);
  assert.match(stderr, says);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
}

Deno.test("a secure stack", async (t) => {
  const dataDir = Deno.makeTempDirSync({ prefix: "secure-stack-test-" });
  try {
    await t.step("up() shows nobody a password: not what it says, nor its processes, nor other files", async () => {
      using watch = watchProcesses();
      const { code, stdout, stderr } = await stack("up", dataDir, FLAGS);
      assert.equal(code, EXIT.ok, stderr);
      const seen = await watch.stop();
      if (Deno.build.os === "linux") {
        assert.ok(seen.includes(join(dataDir, "broker-1", "java.args")), "not seen at all");
      }
      const properties = Deno.readTextFileSync(join(dataDir, "broker-1", "server.properties"));
      const log = Deno.readTextFileSync(join(dataDir, "broker-1", "log.txt"));
      for (const user of USER_NAMES) {
        const password = readPassword(dataDir, user);
        for (const text of [stdout, stderr, seen, properties, log]) assert.ok(!text.includes(password), user);
        assert.ok(stdout.includes(`. ${join(dataDir, "secure", `${user}.env`)}`), stdout);
      }
      const { path, tls, passwords } = secureFolder(dataDir);
      for (const folder of [path, tls, passwords]) assertPrivate(folder);
    });
    const state = readState(dataDir)!;

    for (const mechanism of ["scram-sha-512", "scram-sha-256", "plain"] as const) {
      await t.step(`a client may log in by ${mechanism}, with the right password only`, async () => {
        const { ssl, sasl } = connectionOf(dataDir, "producer");
        const options = { ...sasl, mechanism } as SASLOptions;
        assert.ok((await topicsSeen(state.brokers, { ssl, sasl: options })).includes(ORDERS));
        const wrong = { ...options, password: readPassword(dataDir, "consumer") } as SASLOptions;
        await assert.rejects(
          topicsSeen(state.brokers, { ssl, sasl: wrong }),
          /authentication failed|Invalid username/i,
        );
      });
    }

    await t.step("a client may show its certificate, and has its user's rights then", async () => {
      const kafka = client(state.secure!.tlsBrokers, { ssl: certificateOf(dataDir, "producer") });
      await send(kafka, ORDERS);
      await assert.rejects(send(kafka, LETTERS), /not authorized/i);
    });

    await t.step("no port answers who is unknown", () => assertClosedToStrangers(dataDir, state));
    await t.step("each user may do its work, and no more", () => assertRights(dataDir, state));

    await t.step("up() again says that it runs and leaves it alone", async () => {
      const { code, stdout } = await stack("up", dataDir, FLAGS);
      assert.equal(code, EXIT.ok);
      assert.match(stdout, /running already/i);
      assert.deepEqual(readState(dataDir), state);
    });

    await t.step(
      "up() without --secure is refused",
      () => assertRefused(dataDir, [], { exit: EXIT.config, says: /secure stack.*--secure.*--data-dir.*down --purge/ }),
    );

    await t.step("down() with --purge leaves no process and no file", async () => {
      const { code, stderr } = await stack("down", dataDir, ["--purge"]);
      assert.equal(code, EXIT.ok, stderr);
      for (const record of Object.values(state.pids)) assert.equal(await isAlive(record), false);
      assert.throws(() => Deno.statSync(dataDir), Deno.errors.NotFound);
    });
  } finally {
    await stack("down", dataDir, ["--purge"]); // fine where it is gone
  }
});

Deno.test("up() with --secure is refused over the data of an open stack", async () => {
  const dataDir = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(join(dataDir, "broker-1"));
    await assertRefused(dataDir, FLAGS, { exit: EXIT.config, says: /not secure.*--data-dir.*down --purge/ });
  } finally {
    Deno.removeSync(dataDir, { recursive: true });
  }
});

Deno.test("up() with --secure and --docker is refused", () =>
  assertRefused("/nonexistent", ["--docker", "--secure"], { exit: EXIT.usage, says: /--secure is for --local/ }));

async function assertClosedToStrangers(dataDir: string, { brokers, secure }: StackState): Promise<void> {
  const { ssl, sasl } = connectionOf(dataDir, "admin");
  const { tlsBrokers } = secure!;
  const properties = Deno.readTextFileSync(join(dataDir, "broker-1", "server.properties"));
  const controller = /CONTROLLER:\/\/(127\.0\.0\.1:\d+)/.exec(properties)![1];
  const strangers: [where: string, connection: Connection][] = [
    [brokers, {}],
    [brokers, { ssl }],
    [brokers, { ssl: true, sasl }], // does not trust the brokers
    [brokers, { sasl }],
    [tlsBrokers, {}],
    [tlsBrokers, { ssl }],
    [controller, {}],
    [controller, { ssl }],
  ];
  await Promise.all(strangers.map(([where, connection]) => assert.rejects(topicsSeen(where, connection))));
}

/** What can be tried, and who may; everybody else is refused. That an admin may shows that the attempt itself is fine. */
const ATTEMPTS: Record<string, { attempt: (kafka: Kafka) => Promise<unknown>; may: User[] }> = {
  "send orders": { attempt: (kafka) => send(kafka, ORDERS), may: ["admin", "producer", "replayer"] },
  "send dead letters": { attempt: (kafka) => send(kafka, LETTERS), may: ["admin", "consumer"] },
  "scan the orders": { attempt: (kafka) => scan(kafka, ORDERS), may: ["admin", "replayer", "auditor"] },
  "scan the dead letters": { attempt: (kafka) => scan(kafka, LETTERS), may: ["admin", "replayer", "auditor"] },
  "read orders in the group": { attempt: (kafka) => read(kafka, GROUP), may: ["admin", "consumer"] },
  "read orders in another group": { attempt: (kafka) => read(kafka, "another"), may: ["admin"] },
  "see how far the group is": { attempt: offsets, may: ["admin", "consumer", "auditor"] },
  "make a topic": { attempt: makeTopic, may: ["admin"] },
  "give rights": { attempt: giveRights, may: ["admin"] },
};

async function assertRights(dataDir: string, { brokers }: StackState): Promise<void> {
  for (const [what, { attempt, may }] of Object.entries(ATTEMPTS)) {
    for (const user of USER_NAMES) {
      const outcome = attempt(client(brokers, connectionOf(dataDir, user)));
      if (may.includes(user)) await outcome;
      else await assert.rejects(outcome, `${user} could ${what}`);
    }
  }
}

type Connection = Pick<KafkaConfig, "ssl" | "sasl">;

function client(brokers: string, connection: Connection): Kafka {
  return createKafka(brokers.split(","), { ...connection, retry: { retries: 1 } });
}

function certificateOf(dataDir: string, user: User) {
  const file = (name: string) => Deno.readTextFileSync(join(secureFolder(dataDir).tls, name));
  return { ca: [file("ca.crt")], cert: file(`${user}.crt`), key: file(`${user}.key`) };
}

async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await disconnect(admin);
  }
}

async function topicsSeen(brokers: string, connection: Connection): Promise<string[]> {
  return await withAdmin(client(brokers, connection), (admin) => admin.listTopics());
}

async function send(kafka: Kafka, topic: string): Promise<void> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  try {
    await producer.connect();
    await producer.send({ topic, acks: -1, messages: [{ partition: 0, value: "not an order" }] });
  } finally {
    await disconnect(producer);
  }
}

async function scan(kafka: Kafka, topic: string): Promise<void> {
  await scanTopic(kafka, topic, [{ partition: 0, from: 0, to: 1 }], () => {});
}

/** Waits for one message as a member of `groupId`, and leaves it uncommitted. */
async function read(kafka: Kafka, groupId: string): Promise<void> {
  const consumer = kafka.consumer({ groupId, retry: { retries: 0, restartOnFailure: () => Promise.resolve(false) } });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {}); // where the consumer does not get as far as to wait for it
  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: ORDERS, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve(resolve()) });
    await promise;
  } finally {
    await disconnect(consumer);
  }
}

async function offsets(kafka: Kafka): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    await admin.describeCluster(); // else kafkajs does not know the coordinator's address
    await admin.fetchOffsets({ groupId: GROUP, topics: [ORDERS] });
  });
}

async function makeTopic(kafka: Kafka): Promise<void> {
  const topic = `made-${crypto.randomUUID()}`;
  await withAdmin(kafka, (admin) => admin.createTopics({ topics: [{ topic }], waitForLeaders: false }));
}

async function giveRights(kafka: Kafka): Promise<void> {
  const [acl] = aclsOf({ topic: "some-other", group: "some-other" });
  await createAcls(kafka, [acl]);
}

/** Nobody but the owner may read what is in `folder`. */
function assertPrivate(folder: string): void {
  const mode = (path: string) => Deno.statSync(path).mode! & 0o777;
  assert.equal(mode(folder), 0o700, folder);
  for (const { name, isFile } of Deno.readDirSync(folder)) {
    if (isFile) assert.equal(mode(join(folder, name)), 0o600, name);
  }
}

/** Notes the command lines of the machine's processes ten times a second. By `sh`, as Deno opens nothing in /proc. */
function watchProcesses(): { stop(): Promise<string> } & Disposable {
  const script = 'while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "; echo; sleep 0.1; done';
  const child = new Deno.Command("sh", { args: ["-c", script], stdout: "piped", stdin: "null" }).spawn();
  const seen = new Response(child.stdout).text();
  const end = () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // ended already
    }
  };
  return {
    stop: () => (end(), seen),
    [Symbol.dispose]: end,
  };
}
