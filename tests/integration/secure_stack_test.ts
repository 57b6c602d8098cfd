import assert from "node:assert/strict";
import { join } from "node:path";
import type { Kafka } from "kafkajs";
import { type KafkaConnection, SASL_MECHANISMS } from "../../lib/connections.ts";
import { EXIT } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { Secret } from "../../lib/secret.ts";
import { isAlive } from "../../tools/stack/processes.ts";
import { readPassword, secureConnection } from "../../tools/stack/secure/secrets.ts";
import { secureFolder } from "../../tools/stack/secure/secure_folder.ts";
import { type User, USER_NAMES } from "../../tools/stack/secure/users.ts";
import { readState, type StackState } from "../../tools/stack/state.ts";
import { giveRights, listTopics, lookAtGroup, makeTopic, read, scan, send } from "../support/broker_attempts.ts";
import { type Finished, startTask } from "../support/commands.ts";

const FLAGS = ["--secure", "--kafka-port", "0", "--registry-port", "0"];
const ORDERS = "orders";
const LETTERS = "orders.dlq";
const GROUP = "order-processor";

/**
 * What can be tried, and who may; everybody else is denied. The admin's success shows that the attempt itself is valid.
 */
const RIGHTS: Record<string, { attempt: (kafka: Kafka) => Promise<void>; may: User[] }> = {
  "send orders": { attempt: (kafka) => send(kafka, ORDERS), may: ["admin", "producer", "replayer"] },
  "send dead letters": { attempt: (kafka) => send(kafka, LETTERS), may: ["admin", "consumer"] },
  "scan the orders": { attempt: (kafka) => scan(kafka, ORDERS), may: ["admin", "consumer", "replayer", "auditor"] },
  "scan the dead letters": { attempt: (kafka) => scan(kafka, LETTERS), may: ["admin", "replayer", "auditor"] },
  "read orders in the group": { attempt: (kafka) => read(kafka, ORDERS, GROUP), may: ["admin", "consumer"] },
  "read orders in another": { attempt: (kafka) => read(kafka, ORDERS, "another"), may: ["admin"] },
  "look at the group": { attempt: (kafka) => lookAtGroup(kafka, GROUP), may: ["admin", "consumer", "auditor"] },
  "make a topic": { attempt: makeTopic, may: ["admin"] },
  "give rights": { attempt: giveRights, may: ["admin"] },
};

Deno.test("a secure stack", async (t) => {
  const dataDir = Deno.makeTempDirSync({ prefix: "secure-stack-test-" });
  try {
    await t.step("up() keeps the passwords to itself", () => assertSecretStart(dataDir));
    const state = readState(dataDir)!;

    for (const mechanism of SASL_MECHANISMS) {
      await t.step(`a client may log in by ${mechanism}, with the right password only`, async () => {
        const connection = secureConnection(dataDir, state.brokers.split(","), "producer");
        const login = { ...connection.sasl!, mechanism };
        assert.ok((await listTopics(client({ ...connection, sasl: login }))).includes(ORDERS));
        const wrong = { ...login, password: new Secret(readPassword(dataDir, "consumer")) };
        await assert.rejects(listTopics(client({ ...connection, sasl: wrong })), /authentication failed/i);
      });
    }

    await t.step("a client may show its certificate, and has its user's rights then", async () => {
      const kafka = client(certified(dataDir, state, "producer"));
      await send(kafka, ORDERS);
      await assert.rejects(send(kafka, LETTERS), /not authorized/i);
    });

    await t.step("no port serves a stranger", () => assertClosed(dataDir, state));
    await t.step("each user may do its work, and no more", () => assertRights(dataDir, state));

    await t.step("up() again says that it runs and leaves it alone", async () => {
      const { code, stdout, stderr } = await stack("up", dataDir, FLAGS);
      assert.equal(code, EXIT.ok, stderr);
      assert.match(stdout, /running already/i);
      assert.deepEqual(readState(dataDir), state);
    });

    await t.step("down() and up() keep ports, passwords, certificates and rights", async () => {
      const before = secretsIn(dataDir);
      await stack("down", dataDir);
      const { code, stderr } = await stack("up", dataDir, ["--secure"]);
      assert.equal(code, EXIT.ok, stderr);
      assert.deepEqual(secretsIn(dataDir), before);
      const after = readState(dataDir)!;
      assert.deepEqual([after.brokers, after.secure], [state.brokers, state.secure]);
      await send(client(secureConnection(dataDir, after.brokers.split(","), "producer")), ORDERS);
    });

    await t.step(
      "up() without --secure is refused",
      () => assertRefused(dataDir, [], { exit: EXIT.config, says: /secure stack.*--secure.*--data-dir.*down --purge/ }),
    );

    await t.step("down() with --purge leaves no process and no file", async () => {
      const { pids } = readState(dataDir)!;
      const { code, stderr } = await stack("down", dataDir, ["--purge"]);
      assert.equal(code, EXIT.ok, stderr);
      for (const record of Object.values(pids)) assert.equal(await isAlive(record), false);
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

/** Runs `tools/stack/SCRIPT.ts` as its task does. */
async function stack(script: "up" | "down", dataDir: string, flags: string[] = []): Promise<Finished> {
  await using running = startTask(script, ["--data-dir", dataDir, ...flags], {});
  return await running.end;
}

/** One line on stderr, and the exit code. */
async function assertRefused(dataDir: string, flags: string[], { exit, says }: { exit: number; says: RegExp }) {
  const { code, stderr } = await stack("up", dataDir, flags);
  assert.equal(code, exit, stderr);
  assert.match(stderr, says);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
}

/** Starts the stack; no password is in what it says, in a command line, in its settings or its logs. */
async function assertSecretStart(dataDir: string): Promise<void> {
  const watch = watchProcesses();
  const { code, stdout, stderr } = await stack("up", dataDir, FLAGS);
  const commandLines = await watch.stop();
  assert.equal(code, EXIT.ok, stderr);
  const broker = join(dataDir, "broker-1");
  if (Deno.build.os === "linux") assert.ok(commandLines.includes(join(broker, "java.args")), "nothing was seen");
  const files = ["server.properties", "log.txt"].map((name) => Deno.readTextFileSync(join(broker, name)));
  for (const user of USER_NAMES) {
    const password = readPassword(dataDir, user);
    for (const text of [stdout, stderr, commandLines, ...files]) assert.ok(!text.includes(password), user);
    assert.ok(stdout.includes(`. ${join(dataDir, "secure", `${user}.env`)}`), stdout);
  }
  const { path, tls, passwords } = secureFolder(dataDir);
  for (const folder of [path, tls, passwords, broker]) assert.equal(modeOf(folder), 0o700, folder);
  for (const path of filesIn(dataDir)) assert.equal(modeOf(path), 0o600, path);
}

async function assertClosed(dataDir: string, { brokers, secure }: StackState): Promise<void> {
  const properties = Deno.readTextFileSync(join(dataDir, "broker-1", "server.properties"));
  const controller = /CONTROLLER:\/\/(127\.0\.0\.1:\d+)/.exec(properties)![1];
  const attempts = [brokers, secure!.tlsBrokers, controller].flatMap((address) => {
    const { tls, sasl } = secureConnection(dataDir, [address], "admin");
    // In the clear; over TLS, but nobody; somebody, who does not know the brokers' authority.
    return [{}, { sasl }, { tls }, { tls: {}, sasl }].map((security) => ({ brokers: [address], ...security }));
  });
  await Promise.all(attempts.map((connection) => assert.rejects(listTopics(client(connection, 0)), /connect/i)));
}

async function assertRights(dataDir: string, { brokers }: StackState): Promise<void> {
  for (const [what, { attempt, may }] of Object.entries(RIGHTS)) {
    // The admin first, who leaves something to be read.
    for (const user of USER_NAMES.toReversed()) {
      const outcome = attempt(client(secureConnection(dataDir, brokers.split(","), user)));
      if (may.includes(user)) await outcome;
      else await assert.rejects(outcome, isRefusal(`${user} who wants to ${what}`));
    }
  }
}

/** kafkajs tells it in one type of error or another, the broker's own one within it. */
function isRefusal(what: string): (error: unknown) => true {
  return (error) => {
    assert.match(Deno.inspect(error), /_AUTHORIZATION_FAILED|not authorized|Kafka denies/i, what);
    return true;
  };
}

/** The first group of a new broker waits for its coordinator: hence the retries. */
function client(connection: KafkaConnection, retries = 10): Kafka {
  return createKafka(connection, { retry: { retries, initialRetryTime: 50, maxRetryTime: 1_000 } });
}

function certified(dataDir: string, { secure }: StackState, user: User): KafkaConnection {
  const file = (name: string) => Deno.readTextFileSync(join(secureFolder(dataDir).tls, name));
  const shown = { certificate: file(`${user}.crt`), key: new Secret(file(`${user}.key`)) };
  return { brokers: secure!.tlsBrokers.split(","), tls: { ca: file("ca.crt"), client: shown } };
}

function filesIn(dataDir: string): string[] {
  const { path, tls, passwords } = secureFolder(dataDir);
  return [path, tls, passwords].flatMap((folder) =>
    [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => join(folder, name))
  );
}

function secretsIn(dataDir: string): [path: string, text: string][] {
  return filesIn(dataDir).map((path) => [path, Deno.readTextFileSync(path)]);
}

function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o777;
}

/** Notes the command lines of all processes ten times a second. By `sh`, as Deno opens nothing in /proc. */
function watchProcesses(): { stop(): Promise<string> } {
  const script = 'while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "; sleep 0.1; done';
  const child = new Deno.Command("sh", { args: ["-c", script], stdin: "null", stdout: "piped" }).spawn();
  const seen = new Response(child.stdout).text();
  return {
    stop() {
      child.kill("SIGTERM");
      return seen;
    },
  };
}
