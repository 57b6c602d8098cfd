import assert from "node:assert/strict";
import errors from "kafkajs/src/errors.js";
import type { KafkaConnection } from "../../../../lib/connections.ts";
import { EXIT } from "../../../../lib/errors.ts";
import { connectionDenied } from "../../../../lib/kafka/client/connection_denied.ts";
import { isTransient } from "../../../../lib/kafka/client/failures.ts";
import { securityOptions } from "../../../../lib/kafka/client/security.ts";
import { Secret } from "../../../../lib/secret.ts";

const brokers = ["kafka.example:9092"];
const sasl = {
  mechanism: "SCRAM-SHA-256",
  username: "alice",
  password: new Secret("canary"),
  allowPlaintext: false,
} as const;
const client = { certificate: "a certificate", key: new Secret("canary") };

/** As kafkajs throws it: wrapped, the code of TLS or the type of the broker's answer inside. */
function thrown(code: string, message = "what TLS says"): Error {
  const cause = Object.assign(new errors.KafkaJSConnectionError(`Connection error: ${message}`), { code });
  return new errors.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 0, retryTime: 0 });
}

function answered(type: string): Error {
  return Object.assign(new Error("what the broker answers"), { type });
}

function loginFailed(message: string): Error {
  return new errors.KafkaJSSASLAuthenticationError(message);
}

const ALTNAME = "Hostname/IP does not match certificate's altnames: ";

/** What each of them says; seen with Kafka 4.3.1 and Deno 2.9.6. */
const CASES: [what: string, error: Error, Partial<KafkaConnection>, says: string][] = [
  [
    "a wrong password",
    loginFailed(
      "SASL PLAIN authentication failed: Authentication failed: Invalid username or password",
    ),
    { tls: {}, sasl },
    "denies the login of alice: check KAFKA_SASL_USERNAME, the password and KAFKA_SASL_MECHANISM",
  ],
  [
    "a login that fails otherwise",
    loginFailed("SASL SCRAM SHA256 authentication failed: Invalid server signature"),
    { tls: {}, sasl },
    "denies the login of alice (SASL SCRAM SHA256 authentication failed: Invalid server signature): " +
    "check KAFKA_SASL_USERNAME, the password and KAFKA_SASL_MECHANISM",
  ],
  [
    "a mechanism that is off",
    answered("UNSUPPORTED_SASL_MECHANISM"),
    { tls: {}, sasl },
    "takes no login by SCRAM-SHA-256: set another KAFKA_SASL_MECHANISM",
  ],
  [
    "a login to a port without",
    answered("ILLEGAL_SASL_STATE"),
    { tls: {}, sasl },
    "asks for no login: set KAFKA_SECURITY_PROTOCOL to SSL",
  ],
  [
    "an unknown authority",
    thrown("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
    { tls: {} },
    "shows a certificate of an unknown authority: name the file of that authority in KAFKA_SSL_CA_FILE",
  ],
  [
    "another authority",
    thrown("SELF_SIGNED_CERT_IN_CHAIN"),
    { tls: { ca: "an authority" } },
    "shows a certificate that no authority in KAFKA_SSL_CA_FILE has signed",
  ],
  [
    "another host",
    thrown("ERR_TLS_CERT_ALTNAME_INVALID", `${ALTNAME}Host: kafka. is not in the cert's altnames: DNS:other.example`),
    { tls: {} },
    "shows a certificate for another host: it is for DNS:other.example, not for kafka; " +
    "take a name that it holds (KAFKA_BOOTSTRAP_SERVERS)",
  ],
  [
    "an address that it does not hold",
    thrown("ERR_TLS_CERT_ALTNAME_INVALID", `${ALTNAME}IP: 127.0.0.1 is not in the cert's list: `),
    { tls: {} },
    "shows a certificate for another host: not for 127.0.0.1; take a name that it holds (KAFKA_BOOTSTRAP_SERVERS)",
  ],
  [
    "an expired one",
    thrown("CERT_HAS_EXPIRED"),
    { tls: {} },
    "shows a certificate that is not valid now: renew it, or set the clock of this machine",
  ],
  [
    "a client without a certificate",
    thrown("ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE"),
    { tls: {} },
    "wants a certificate of the client: set KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE",
  ],
  [
    "a client with another one",
    thrown("ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN"),
    { tls: { client } },
    "does not accept the certificate in KAFKA_SSL_CERT_FILE: its authority must be one that the brokers know",
  ],
];

for (const [what, error, connection, says] of CASES) {
  Deno.test(`connectionDenied() tells of ${what}, exit 78`, { permissions: { env: true } }, () => {
    const failure = connectionDenied(error, { brokers, ...connection });
    assert.equal(failure?.message, `Kafka at kafka.example:9092 ${says}`);
    assert.equal(failure?.exit, EXIT.config);
  });
}

Deno.test("connectionDenied() says nothing of brokers that are away", { permissions: { env: true } }, () => {
  const away = [thrown("ECONNREFUSED"), thrown("ECONNRESET"), thrown("ENOTFOUND"), new Error("Closed connection"), "?"];
  for (const error of away) assert.equal(connectionDenied(error, { brokers, tls: {}, sasl }), undefined);
  assert.equal(connectionDenied(answered("REQUEST_TIMED_OUT"), { brokers, tls: {}, sasl }), undefined);
});

Deno.test(
  "a connection that is lost during the login is not a denied login, and passes",
  { permissions: { env: true } },
  () => {
    const ends = [
      "Closed connection",
      "Connection error: read ECONNRESET",
      "Request SaslAuthenticate(key: 36) timed out",
    ];
    for (const end of ends) {
      const lost = loginFailed(`SASL PLAIN authentication failed: ${end}`);
      assert.equal(connectionDenied(lost, { brokers, sasl }), undefined, end);
      assert.ok(isTransient(lost), end);
    }
    assert.equal(isTransient(loginFailed("SASL PLAIN authentication failed: Invalid username or password")), false);
  },
);

Deno.test("securityOptions() has brokers checked, whatever the environment says of that", {
  permissions: { env: true },
}, () => {
  assert.equal((securityOptions({ brokers, tls: {} }).ssl as { rejectUnauthorized: boolean }).rejectUnauthorized, true);
});

Deno.test("a broker that sends the client on to another machine gets no password in the clear", () => {
  const { socketFactory } = securityOptions({ brokers: ["localhost:9092"], sasl });
  let refused: Error | undefined;
  try {
    socketFactory!({ host: "kafka.example", port: 9092, ssl: {}, onConnect: () => assert.fail("it connects") });
  } catch (error) {
    refused = error as Error;
  }
  // As kafkajs passes it on.
  const error = new errors.KafkaJSConnectionError(`Failed to connect: ${refused?.message}`);
  assert.equal(
    connectionDenied(error, { brokers: ["localhost:9092"], sasl })?.message,
    "Kafka at localhost:9092 sends clients on to kafka.example:9092, where the password would go without TLS: " +
      "set KAFKA_SECURITY_PROTOCOL to SASL_SSL, or pass --allow-plaintext-credentials",
  );
  assert.equal(securityOptions({ brokers, sasl: { ...sasl, allowPlaintext: true } }).socketFactory, undefined);
  assert.equal(securityOptions({ brokers, tls: {}, sasl }).socketFactory, undefined);
});
