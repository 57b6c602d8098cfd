import { option } from "@optique/core/primitives";
import {
  isLoopback,
  type KafkaConnection,
  type KafkaLogin,
  type KafkaTls,
  type RegistryConnection,
  SASL_MECHANISMS,
} from "../connections.ts";
import { EXIT, Failure } from "../errors.ts";
import { env, refuseSettings, secretSetting } from "./environment.ts";
import { line } from "./parse.ts";
import { certificateSetting, clientCertificateSetting } from "./pem_settings.ts";

const PROTOCOLS = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];
const TLS_NAMES = ["KAFKA_SSL_CA_FILE", "KAFKA_SSL_CERT_FILE", "KAFKA_SSL_KEY_FILE"];
const SASL_NAMES = [
  "KAFKA_SASL_MECHANISM",
  "KAFKA_SASL_USERNAME",
  "KAFKA_SASL_PASSWORD",
  "KAFKA_SASL_PASSWORD_FILE",
];

/**
 * The flag of every command that may send credentials. Credentials themselves are never flags, because `ps` shows
 * flags.
 */
export const plaintextFlag = {
  allowPlaintextCredentials: option("--allow-plaintext-credentials", {
    description: line("Send passwords and tokens to other machines without TLS"),
  }),
};

interface PlaintextRule {
  allowPlaintext: boolean;
}

/**
 * The connection to `brokers` with the security settings of the environment (docs/SECURITY.md). A {@linkcode Failure}
 * (78) names the variable that is wrong, never what is in it. Permissions: env of the `KAFKA_*` names, read of the
 * files they name.
 */
export function kafkaConnection(brokers: readonly string[], rule: PlaintextRule): KafkaConnection {
  const protocol = env("KAFKA_SECURITY_PROTOCOL") ?? "PLAINTEXT";
  if (!PROTOCOLS.includes(protocol)) {
    throw new Failure(EXIT.config, `KAFKA_SECURITY_PROTOCOL must be one of ${PROTOCOLS.join(", ")}`);
  }
  const connection: KafkaConnection = { brokers };
  if (protocol.endsWith("SSL")) connection.tls = tlsSetting();
  else refuseSettings(TLS_NAMES, `needs KAFKA_SECURITY_PROTOCOL to be SSL or SASL_SSL, not ${protocol}`);
  if (protocol.startsWith("SASL")) connection.sasl = loginSetting(rule);
  else refuseSettings(SASL_NAMES, `needs KAFKA_SECURITY_PROTOCOL to be SASL_SSL or SASL_PLAINTEXT, not ${protocol}`);
  const remote = brokers.find((broker) => !isLoopback(broker.slice(0, broker.lastIndexOf(":"))));
  if (protocol === "SASL_PLAINTEXT" && remote !== undefined && !rule.allowPlaintext) {
    throw plaintextDenied(`The password of KAFKA_SASL_USERNAME`, remote, "set KAFKA_SECURITY_PROTOCOL to SASL_SSL");
  }
  return connection;
}

/** The registry at `url`, likewise. Permissions: env of the `SCHEMA_REGISTRY_*` names, read of the files they name. */
export function registryConnection(url: string, rule: PlaintextRule): RegistryConnection {
  const connection: RegistryConnection = { url };
  const { protocol, hostname, host } = new URL(url);
  const auth = registryAuth();
  if (auth !== undefined) connection.auth = auth;
  const ca = certificateSetting("SCHEMA_REGISTRY_CA_FILE");
  if (ca !== undefined) {
    if (protocol !== "https:") {
      throw new Failure(EXIT.config, "SCHEMA_REGISTRY_CA_FILE is set, which needs SCHEMA_REGISTRY_URL to be https");
    }
    connection.ca = ca;
  }
  if (auth !== undefined && protocol === "http:" && !isLoopback(hostname) && !rule.allowPlaintext) {
    const what = "token" in auth ? "SCHEMA_REGISTRY_TOKEN" : "The password of SCHEMA_REGISTRY_USERNAME";
    throw plaintextDenied(what, host, "take an https URL (SCHEMA_REGISTRY_URL)");
  }
  return connection;
}

function tlsSetting(): KafkaTls {
  const [caName, certificateName, keyName] = TLS_NAMES;
  const [ca, client] = [certificateSetting(caName), clientCertificateSetting(certificateName, keyName)];
  return { ...(ca === undefined ? {} : { ca }), ...(client === undefined ? {} : { client }) };
}

function loginSetting({ allowPlaintext }: PlaintextRule): KafkaLogin {
  const mechanism = SASL_MECHANISMS.find((name) => name === env("KAFKA_SASL_MECHANISM"));
  if (mechanism === undefined) {
    throw new Failure(EXIT.config, `KAFKA_SASL_MECHANISM must be one of ${SASL_MECHANISMS.join(", ")}`);
  }
  const [username, password] = [env("KAFKA_SASL_USERNAME"), secretSetting("KAFKA_SASL_PASSWORD")];
  if (username === undefined) throw new Failure(EXIT.config, "KAFKA_SASL_USERNAME is not set, a login needs it");
  if (password === undefined) {
    throw new Failure(
      EXIT.config,
      "Neither KAFKA_SASL_PASSWORD nor KAFKA_SASL_PASSWORD_FILE is set, a login needs one",
    );
  }
  return { mechanism, username, password, allowPlaintext };
}

function registryAuth(): RegistryConnection["auth"] {
  const [username, password] = [env("SCHEMA_REGISTRY_USERNAME"), secretSetting("SCHEMA_REGISTRY_PASSWORD")];
  const token = secretSetting("SCHEMA_REGISTRY_TOKEN");
  if (token !== undefined) {
    if (username !== undefined || password !== undefined) {
      throw new Failure(EXIT.config, "The registry has a SCHEMA_REGISTRY_TOKEN and a user or password: unset either");
    }
    if (!/^[\x21-\x7e]+$/.test(token.reveal())) {
      throw new Failure(EXIT.config, "SCHEMA_REGISTRY_TOKEN holds a character that no token has, a blank or line feed");
    }
    return { token };
  }
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined) throw new Failure(EXIT.config, "SCHEMA_REGISTRY_USERNAME is not set, the password is");
  if (password === undefined) {
    throw new Failure(EXIT.config, "SCHEMA_REGISTRY_USERNAME is set and neither SCHEMA_REGISTRY_PASSWORD nor _FILE is");
  }
  if (username.includes(":")) throw new Failure(EXIT.config, "SCHEMA_REGISTRY_USERNAME must not have a colon");
  return { username, password };
}

function plaintextDenied(what: string, host: string, remedy: string): Failure {
  const message = `${what} would go to ${host} without TLS: ${remedy}, or pass --allow-plaintext-credentials`;
  return new Failure(EXIT.config, message);
}
