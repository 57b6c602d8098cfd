import assert from "node:assert/strict";
import errors from "kafkajs/src/errors.js";
import { EXIT, Failure } from "../../../../lib/errors.ts";
import { createKafka } from "../../../../lib/kafka/client/client.ts";
import { outageOf } from "../../../../lib/kafka/client/outage.ts";
import { Secret } from "../../../../lib/secret.ts";

const sasl = { mechanism: "PLAIN", username: "alice", password: new Secret("canary"), allowPlaintext: false } as const;
const kafka = createKafka({ brokers: ["localhost:9092"], tls: {}, sasl });
const AT = { topic: "orders", group: "judges" };

/** As kafkajs throws it. */
function answered(type: string): Error {
  const cause = new errors.KafkaJSProtocolError({ message: "Not authorized", type, retriable: false });
  return new errors.KafkaJSNonRetriableError(cause, { cause });
}

const loginFailed = new errors.KafkaJSSASLAuthenticationError("Invalid username or password");

const REFUSALS: [Error, RegExp][] = [
  [answered("TOPIC_AUTHORIZATION_FAILED"), /^Kafka denies User:alice Read on topic orders; .*--topic orders/],
  [answered("GROUP_AUTHORIZATION_FAILED"), /^Kafka denies User:alice Read on group judges; .*--group judges/],
  [loginFailed, /^Kafka at localhost:9092 denies the login of/],
];

Deno.test("outageOf() waits for rights and logins that are taken from a member", () => {
  for (const [error, says] of REFUSALS) {
    const sentence = outageOf(error, kafka, { ...AT, wasMember: true });
    assert.match(sentence, says);
    assert.match(sentence, /; no order is read until then$/);
  }
});

Deno.test("outageOf() ends a start without the right or login, exit 78", () => {
  for (const [error, message] of REFUSALS) {
    assert.throws(() => outageOf(error, kafka, { ...AT, wasMember: false }), { exit: EXIT.config, message });
  }
});

Deno.test("outageOf() waits for brokers, and for nothing else", () => {
  for (const wasMember of [true, false]) {
    const at = { ...AT, wasMember };
    assert.match(
      outageOf(new errors.KafkaJSConnectionError("Connection timeout"), kafka, at),
      /^Kafka is away \(Connection tim/,
    );
    const failure = new Failure(EXIT.data, "Damaged");
    assert.throws(() => outageOf(failure, kafka, at), failure);
    assert.throws(() => outageOf(new TypeError("x is no function"), kafka, at), { exit: EXIT.failed });
  }
});

Deno.test("outageOf() refuses a group whose members share it by another rule with 75", () => {
  const kafka = createKafka({ brokers: ["127.0.0.1:1"] });
  const error = new errors.KafkaJSProtocolError({ type: "INCONSISTENT_GROUP_PROTOCOL", code: 23, message: "no" });
  assert.throws(
    () => outageOf(error, kafka, { topic: "t", group: "g", wasMember: false }),
    (thrown: unknown) =>
      thrown instanceof Failure && thrown.exit === EXIT.busy && /^The group g has/.test(thrown.message),
  );
});
