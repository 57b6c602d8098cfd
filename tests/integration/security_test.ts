import assert from "node:assert/strict";
import { EXIT } from "../../lib/errors.ts";
import { makeCertificates } from "../../tools/stack/secure/certificates.ts";
import { testKafka } from "../support/kafka.ts";
import { SecureWorld } from "../support/secure_world.ts";

/** Some of each kind, the same ones each time; about a fifth are not orders. */
const SENT = "produce --count 60 --delay 0 --seed secure --mix unpaid=20,poison=20";

Deno.test("a secure broker serves each user with the rights of docs/SECURITY.md, and refuses with one line", (t) =>
  SecureWorld.with(async (world) => {
    const [producer, consumer, auditor, replayer] = (["producer", "consumer", "auditor", "replayer"] as const)
      .map((user) => world.envOf(user));
    let deadLetters = 0;

    await t.step("produce and consume, dead letters included", async () => {
      await world.runWell(SENT, producer);
      const { stdout } = await world.runWell("consume --until-end", consumer);
      assert.match(stdout, /^60 orders: \d+ accepted, \d+ rejected .* [1-9]\d* dead-lettered/m);
      deadLetters = Number(/(\d+) dead-lettered/.exec(stdout)![1]);
    });

    await t.step("verify, why and dlq", async () => {
      assert.match((await world.runWell("verify", auditor)).stdout, /^orders +\d [^]*^verify: ok/m);
      const [{ order_id }] = world.storage.orders();
      assert.match(
        (await world.runWell(`why ${order_id}`, auditor)).stdout,
        /accepted +as number .* \(schema \d+, key/,
      );
      assert.equal((await world.runWell("dlq --json", auditor)).stdout.trim().split("\n").length, deadLetters);
    });

    await t.step("replay, of what was set aside too, and resumed", async () => {
      await world.runWell("replay --originals", producer);
      await world.runWell("replay --rejected --limit 2", replayer);
      const { run } = JSON.parse((await world.runWell("replay --dlq --limit 3 --json", replayer)).stdout);
      const resumed = await world.runWell(`replay --dlq --limit 3 --run ${run}`, replayer);
      assert.match(resumed.stdout + resumed.stderr, /3 were sent by this run before/);
      assert.match((await world.runWell("consume --until-end", consumer)).stdout, / 3 dead-lettered/);
      await world.runWell("verify", auditor);
    });

    await t.step("with a certificate instead of a password", async () => {
      await world.runWell("produce --count 2 --delay 0", world.envOf("producer", "certificate"));
      assert.match(
        (await world.runWell("consume --until-end", world.envOf("consumer", "certificate"))).stdout,
        /^2 orders/m,
      );
    });

    for (const { what, line, env, says } of await refusals(world)) {
      await t.step(`${what}: one line, and nothing changed`, async () => {
        await world.runRefused(line, env, { exit: EXIT.config, says });
      });
    }
  }));

interface Refusal {
  what: string;
  line: string;
  env: Record<string, string>;
  says: RegExp;
}

async function refusals(world: SecureWorld): Promise<Refusal[]> {
  const [produce, consume] = ["produce --count 3 --delay 0", "consume --until-end"];
  const [producer, consumer, auditor, replayer] = (["producer", "consumer", "auditor", "replayer"] as const)
    .map((user) => world.envOf(user));
  const certified = world.envOf("consumer", "certificate");
  const plain = { KAFKA_BOOTSTRAP_SERVERS: testKafka().brokers.join(","), KAFKA_SASL_PASSWORD_FILE: "" };
  const otherCa = world.file("other-ca.pem", (await makeCertificates()).ca);
  const wrong = { KAFKA_SASL_PASSWORD_FILE: "", KAFKA_SASL_PASSWORD: "wrong" };
  const noTls = Object.fromEntries(
    Object.keys(producer).filter((name) => /^KAFKA_S/.test(name)).map((name) => [name, ""]),
  );
  const lacks = (user: string, right: string, on: string) =>
    new RegExp(
      `^error: Kafka denies User:${user} ${right}; .*--allow-principal User:${user} --operation .*--${on}\n$`,
    );
  return [
    {
      what: "a wrong password",
      line: produce,
      env: { ...producer, ...wrong },
      says: /denies the login of producer: check/,
    },
    {
      what: "the same, of a consumer",
      line: consume,
      env: { ...consumer, ...wrong },
      says: /the login of consumer: check/,
    },
    {
      what: "the same, of an auditor",
      line: "verify",
      env: { ...auditor, ...wrong },
      says: /the login of auditor: check/,
    },
    {
      what: "an unknown user",
      line: consume,
      env: { ...consumer, KAFKA_SASL_USERNAME: "nobody" },
      says: /denies the login of nobody: check/,
    },
    {
      what: "another authority",
      line: consume,
      env: { ...consumer, KAFKA_SSL_CA_FILE: otherCa },
      says: /shows a certificate that no authority in KAFKA_SSL_CA_FILE has signed/,
    },
    {
      what: "no authority",
      line: consume,
      env: { ...consumer, KAFKA_SSL_CA_FILE: "" },
      says: /certificate of an unknown authority: .* KAFKA_SSL_CA_FILE/,
    },
    {
      what: "a name that is not in the certificate",
      line: consume,
      env: { ...consumer, KAFKA_BOOTSTRAP_SERVERS: consumer.KAFKA_BOOTSTRAP_SERVERS.replace("127.0.0.1", "127.1") },
      says: /certificate for another host: it is for DNS:localhost, IP Address:127\.0\.0\.1, not for 127\.1; take/,
    },
    {
      what: "no TLS to a port with TLS",
      line: produce,
      env: { ...producer, ...noTls },
      says: /speaks SASL_SSL, not PLAINTEXT: set KAFKA_SECURITY_PROTOCOL to SASL_SSL/,
    },
    {
      what: "TLS to a port without",
      line: produce,
      env: { ...producer, ...plain, KAFKA_SASL_PASSWORD: "any" },
      says: /speaks PLAINTEXT, not SASL_SSL: take its TLS port/,
    },
    {
      what: "a login where there is none",
      line: produce,
      env: {
        ...producer,
        ...plain,
        ...noTls,
        ...{ KAFKA_SASL_PASSWORD: "any", KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT" },
        KAFKA_SASL_MECHANISM: "PLAIN",
        KAFKA_SASL_USERNAME: "x",
      },
      says: /asks for no login: set KAFKA_SECURITY_PROTOCOL to PLAINTEXT/,
    },
    {
      what: "no certificate where one is wanted",
      line: consume,
      env: { ...certified, KAFKA_SSL_CERT_FILE: "", KAFKA_SSL_KEY_FILE: "" },
      says: /wants a certificate of the client: set KAFKA_SSL_CERT_FILE/,
    },
    {
      what: "no right to send",
      line: produce,
      env: auditor,
      says: lacks("auditor", "Write on topic orders", "topic orders"),
    },
    {
      what: "the same, of a replay",
      line: "replay",
      env: consumer,
      says: lacks("consumer", "Write on topic orders", "topic orders"),
    },
    {
      what: "no right to read",
      line: consume,
      env: producer,
      says: lacks("producer", "Read on topic orders", "topic orders"),
    },
    {
      what: "no right on the group",
      line: `${consume} --group others`,
      env: consumer,
      says: lacks("consumer", "Read on group others", "group others"),
    },
    {
      what: "no right to send dead letters",
      line: consume,
      env: replayer,
      says: lacks("replayer", "Write on topic orders.dlq", "topic orders.dlq"),
    },
    {
      what: "no right to read dead letters",
      line: "dlq",
      env: consumer,
      says: lacks("consumer", "Read on topic orders.dlq", "topic orders.dlq"),
    },
    {
      what: "no right to a topic that is not there",
      line: `${produce} --topic others`,
      env: producer,
      says: lacks("producer", "Write on topic others", "topic others"),
    },
    { what: "the same, of a verify", line: "verify", env: producer, says: /denies User:producer Read on topic/ },
    {
      what: "the same, of a why",
      line: "why some-order",
      env: producer,
      says: lacks("producer", "Read on topic orders", "topic orders"),
    },
  ];
}
