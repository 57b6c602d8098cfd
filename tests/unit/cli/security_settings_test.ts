import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { join } from "node:path";
import { kafkaConnection, registryConnection } from "../../../lib/cli/security_settings.ts";
import { EXIT, Failure } from "../../../lib/errors.ts";
import { makeCertificates } from "../../../tools/stack/secure/certificates.ts";

const LOCAL = ["localhost:9092", "127.0.0.1:9093"];
const REMOTE = ["localhost:9092", "kafka.example:9092"];
const HTTPS = "https://registry.example";
const CANARY = "canary-9f2c";
const STRICT = { allowPlaintext: false };

type Env = Record<string, string>;

const { ca, clients } = await makeCertificates();
const folder = Deno.makeTempDirSync({ prefix: "security-settings-" });
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

function file(name: string, contents: string): string {
  const path = join(folder, name);
  Deno.writeTextFileSync(path, contents);
  return path;
}

const FILES = {
  ca: file("ca.pem", ca),
  certificate: file("producer.pem", clients.producer.certificate),
  key: file("producer.key", clients.producer.key),
  otherKey: file("auditor.key", clients.auditor.key),
  password: file("password", `${CANARY}\n`),
  empty: file("empty", "\n"),
  noPem: file("no.pem", CANARY),
  halfPem: file("half.pem", `-----BEGIN CERTIFICATE-----\n${CANARY}\n-----END CERTIFICATE-----\n`),
  encryptedKey: file(
    "encrypted.key",
    createPrivateKey(clients.producer.key).export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: CANARY,
    }) as string,
  ),
};

const LOGIN = {
  KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
  KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
  KAFKA_SASL_USERNAME: "alice",
  KAFKA_SASL_PASSWORD: CANARY,
};
const BASIC = { SCHEMA_REGISTRY_USERNAME: "alice", SCHEMA_REGISTRY_PASSWORD: CANARY };

/** Calls `work` with these variables and no other ones of security. */
function inEnv<T>(env: Env, work: () => T): T {
  const names = Object.keys(Deno.env.toObject()).filter((name) => /^(KAFKA|SCHEMA_REGISTRY)_/.test(name));
  const before = [...names, ...Object.keys(env)].map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const name of names) Deno.env.delete(name);
    for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
    return work();
  } finally {
    for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  }
}

/** `env` is refused with 78 and one line that begins with `says`, names no value of a variable and no contents. */
function assertRefused(env: Env, says: RegExp, work: () => unknown): void {
  const refused = new RegExp(says.source, "s");
  assert.throws(() => inEnv(env, work), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.exit, EXIT.config);
    assert.match(error.message, refused);
    const shown = Deno.inspect(error) + error.stack;
    for (const secret of [CANARY, folder, "BEGIN"]) assert.ok(!shown.includes(secret), shown);
    assert.ok(!error.message.includes("\n"), error.message);
    return true;
  });
}

Deno.test("kafkaConnection() is in the clear and without a login by default", () => {
  assert.deepEqual(inEnv({}, () => kafkaConnection(REMOTE, STRICT)), { brokers: REMOTE });
  assert.deepEqual(inEnv({ KAFKA_SASL_USERNAME: "", KAFKA_SSL_CA_FILE: "" }, () => kafkaConnection(LOCAL, STRICT)), {
    brokers: LOCAL,
  });
});

Deno.test("kafkaConnection() takes the certificate of a file that holds its key as well, and leaves the key", () => {
  const both = file("both.pem", `${clients.producer.key}\n${clients.producer.certificate}`);
  const env = { KAFKA_SECURITY_PROTOCOL: "SSL", KAFKA_SSL_CERT_FILE: both, KAFKA_SSL_KEY_FILE: FILES.key };
  const { tls } = inEnv(env, () => kafkaConnection(LOCAL, STRICT));
  assert.equal(tls?.client?.certificate.trim(), clients.producer.certificate.trim());
  assert.doesNotMatch(Deno.inspect(tls, { depth: 9, strAbbreviateSize: 1e6 }), /PRIVATE KEY/);
});

Deno.test("kafkaConnection() reads login, authority and certificate from variables and files", () => {
  const files = {
    KAFKA_SSL_CA_FILE: FILES.ca,
    KAFKA_SSL_CERT_FILE: FILES.certificate,
    KAFKA_SSL_KEY_FILE: FILES.key,
    KAFKA_SASL_PASSWORD: "",
    KAFKA_SASL_PASSWORD_FILE: FILES.password,
  };
  const { tls, sasl } = inEnv({ ...LOGIN, ...files }, () => kafkaConnection(REMOTE, STRICT));
  assert.deepEqual([tls?.ca, tls?.client?.certificate], [ca, clients.producer.certificate]);
  assert.equal(tls?.client?.key.reveal(), clients.producer.key);
  assert.deepEqual([sasl?.mechanism, sasl?.username, sasl?.password.reveal()], ["SCRAM-SHA-512", "alice", CANARY]);
  assert.deepEqual(inEnv({ KAFKA_SECURITY_PROTOCOL: "SSL" }, () => kafkaConnection(REMOTE, STRICT)), {
    brokers: REMOTE,
    tls: {},
  });
});

Deno.test("kafkaConnection() sends no password in the clear to another machine unless a flag says so", () => {
  const env = { ...LOGIN, KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT" };
  assert.ok(inEnv(env, () => kafkaConnection(LOCAL, STRICT)).sasl);
  assertRefused(
    env,
    /^The password of KAFKA_SASL_USERNAME .*kafka\.example:9092 .*SASL_SSL.*--allow-plaintext-cred/,
    () => kafkaConnection(REMOTE, STRICT),
  );
  assert.equal(inEnv(env, () => kafkaConnection(REMOTE, { allowPlaintext: true })).sasl?.allowPlaintext, true);
});

Deno.test("kafkaConnection() refuses half and contradictory settings with 78 and the variable's name", () => {
  const ssl = { KAFKA_SECURITY_PROTOCOL: "SSL" };
  const { KAFKA_SASL_PASSWORD: _, ...noPassword } = LOGIN;
  const cases: [Env, RegExp][] = [
    [{ KAFKA_SECURITY_PROTOCOL: CANARY }, /^KAFKA_SECURITY_PROTOCOL must be one of PLAINTEXT, SSL/],
    [{ KAFKA_SASL_PASSWORD: CANARY }, /^KAFKA_SASL_PASSWORD is set, which needs KAFKA_SECURITY_PROTOCOL/],
    [{ ...ssl, KAFKA_SASL_USERNAME: CANARY }, /^KAFKA_SASL_USERNAME is set, .*not SSL/],
    [{ KAFKA_SSL_CA_FILE: FILES.ca }, /^KAFKA_SSL_CA_FILE is set, .*not PLAINTEXT/],
    [{ ...LOGIN, KAFKA_SASL_MECHANISM: CANARY }, /^KAFKA_SASL_MECHANISM must be one of PLAIN, SCRAM-SHA-256/],
    [{ ...LOGIN, KAFKA_SASL_MECHANISM: "" }, /^KAFKA_SASL_MECHANISM must be/],
    [{ ...LOGIN, KAFKA_SASL_USERNAME: "" }, /^KAFKA_SASL_USERNAME is not set/],
    [noPassword, /^Neither KAFKA_SASL_PASSWORD nor KAFKA_SASL_PASSWORD_FILE is set/],
    [{ ...LOGIN, KAFKA_SASL_PASSWORD_FILE: FILES.password }, /^KAFKA_SASL_PASSWORD and .*_FILE are both set/],
    [{ ...noPassword, KAFKA_SASL_PASSWORD_FILE: FILES.empty }, /^KAFKA_SASL_PASSWORD_FILE .*empty/],
    [{ ...noPassword, KAFKA_SASL_PASSWORD_FILE: CANARY }, /^KAFKA_SASL_PASSWORD_FILE .*is not there/],
    [{ ...ssl, KAFKA_SSL_CA_FILE: folder }, /^KAFKA_SSL_CA_FILE .*is a folder/],
    [{ ...ssl, KAFKA_SSL_CA_FILE: FILES.noPem }, /^KAFKA_SSL_CA_FILE .*not a certificate in PEM/],
    [{ ...ssl, KAFKA_SSL_CA_FILE: FILES.halfPem }, /^KAFKA_SSL_CA_FILE .*not a certificate in PEM/],
    [{ ...ssl, KAFKA_SSL_CERT_FILE: FILES.certificate }, /^KAFKA_SSL_CERT_FILE is set and KAFKA_SSL_KEY_FILE is not/],
    [{ ...ssl, KAFKA_SSL_KEY_FILE: FILES.key }, /^KAFKA_SSL_KEY_FILE is set and KAFKA_SSL_CERT_FILE is not/],
    ...[
      [FILES.noPem, /^KAFKA_SSL_KEY_FILE .*not a private key in PEM/],
      [FILES.encryptedKey, /^KAFKA_SSL_KEY_FILE .*encrypted/],
      [FILES.otherKey, /^KAFKA_SSL_KEY_FILE .*another certificate/],
    ].map(([key, says]): [Env, RegExp] => [
      { ...ssl, KAFKA_SSL_CERT_FILE: FILES.certificate, KAFKA_SSL_KEY_FILE: key as string },
      says as RegExp,
    ]),
  ];
  for (const [env, says] of cases) assertRefused(env, says, () => kafkaConnection(LOCAL, STRICT));
});

Deno.test("registryConnection() reads password, token and authority", () => {
  const read = (env: Env) => inEnv(env, () => registryConnection(HTTPS, STRICT));
  assert.deepEqual(read({}), { url: HTTPS });
  const { auth } = read(BASIC);
  assert.ok(auth !== undefined && "password" in auth);
  assert.deepEqual([auth.username, auth.password.reveal()], ["alice", CANARY]);
  const token = read({ SCHEMA_REGISTRY_TOKEN_FILE: FILES.password, SCHEMA_REGISTRY_CA_FILE: FILES.ca });
  assert.ok(token.auth !== undefined && "token" in token.auth);
  assert.deepEqual([token.auth.token.reveal(), token.ca], [CANARY, ca]);
});

Deno.test("registryConnection() refuses half and contradictory settings with 78 and the variable's name", () => {
  const { SCHEMA_REGISTRY_PASSWORD: _, ...noPassword } = BASIC;
  const cases: [Env, RegExp][] = [
    [noPassword, /^SCHEMA_REGISTRY_USERNAME is set and neither/],
    [{ SCHEMA_REGISTRY_PASSWORD: CANARY }, /^SCHEMA_REGISTRY_USERNAME is not set/],
    [{ ...BASIC, SCHEMA_REGISTRY_TOKEN: CANARY }, /SCHEMA_REGISTRY_TOKEN and a user or password/],
    [{ ...BASIC, SCHEMA_REGISTRY_USERNAME: "a:b" }, /^SCHEMA_REGISTRY_USERNAME .*colon/],
    [{ ...BASIC, SCHEMA_REGISTRY_PASSWORD_FILE: FILES.password }, /^SCHEMA_REGISTRY_PASSWORD and .*both/],
    [{ SCHEMA_REGISTRY_TOKEN: `${CANARY} x` }, /^SCHEMA_REGISTRY_TOKEN holds a character/],
    [{ SCHEMA_REGISTRY_TOKEN: `${CANARY}\nx: y` }, /^SCHEMA_REGISTRY_TOKEN holds a character/],
    [{ SCHEMA_REGISTRY_CA_FILE: FILES.noPem }, /^SCHEMA_REGISTRY_CA_FILE .*not a certificate/],
  ];
  for (const [env, says] of cases) assertRefused(env, says, () => registryConnection(HTTPS, STRICT));
  const overHttp = () => registryConnection("http://localhost:8081", STRICT);
  assertRefused({ SCHEMA_REGISTRY_CA_FILE: FILES.ca }, /^SCHEMA_REGISTRY_CA_FILE .*https/, overHttp);
});

Deno.test("registryConnection() sends no credentials over http to another machine unless a flag says so", () => {
  const remote = "http://registry.example:8081";
  for (const env of [BASIC, { SCHEMA_REGISTRY_TOKEN: CANARY }]) {
    for (const local of ["http://localhost:8081", "http://127.0.0.1", "http://[::1]:8081"]) {
      assert.ok(inEnv(env, () => registryConnection(local, STRICT)).auth, local);
    }
    assertRefused(
      env,
      /SCHEMA_REGISTRY_\w+ would go to registry\.example:8081 .*--allow-plaintext-credentials/,
      () => registryConnection(remote, STRICT),
    );
    assert.ok(inEnv(env, () => registryConnection(remote, { allowPlaintext: true })).auth);
  }
});
