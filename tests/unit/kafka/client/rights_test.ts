import assert from "node:assert/strict";
import { createKafka } from "../../../../lib/kafka/client/client.ts";
import { accessDenied } from "../../../../lib/kafka/client/rights.ts";
import { Secret } from "../../../../lib/secret.ts";

Deno.test("accessDenied() prints a command that a shell takes, whatever user and group are called", () => {
  const sasl = {
    mechanism: "PLAIN",
    username: "o'neill $x",
    password: new Secret("p"),
    allowPlaintext: false,
  } as const;
  const kafka = createKafka({ brokers: ["localhost:1"], sasl });
  const error = Object.assign(new Error("refused"), { type: "GROUP_AUTHORIZATION_FAILED" });
  const { message } = accessDenied(error, kafka, { topic: "orders", operation: "Read", group: "nightly; run" })!;
  const grant = "kafka-acls --add --allow-principal 'User:o'\\''neill $x' --operation Read --group 'nightly; run'";
  assert.ok(message.endsWith(`an administrator grants it: ${grant}`), message);
});
