import type { KafkaConnection } from "../../connections.ts";
import { causesOf, EXIT, Failure } from "../../errors.ts";
import { PLAINTEXT_REFUSED } from "./security.ts";

/** What an error of kafkajs or of TLS may contain. */
interface Cause {
  name: string;
  message: string;
  /** The broker's answer, if there was one. */
  type: string | undefined;
  /** From TLS or the system. */
  code: string;
}

/**
 * A {@linkcode Failure} (78) that names the setting at fault, if the error shows that one is. Undefined otherwise, as
 * when brokers are away.
 */
export function connectionDenied(error: unknown, connection: KafkaConnection): Failure | undefined {
  for (const inner of causesOf(error)) {
    const { name, message, type, code } = inner as Error & Record<string, unknown>;
    const cause = { name, message, type: text(type), code: text(code) ?? "" };
    const sentence = loginDenied(cause, connection) ?? tlsFault(cause, connection);
    if (sentence === undefined) continue;
    return new Failure(EXIT.config, `Kafka at ${connection.brokers.join(",")} ${sentence}`, { cause: error });
  }
}

function loginDenied({ name, message, type }: Cause, { tls, sasl }: KafkaConnection): string | undefined {
  if (type === "UNSUPPORTED_SASL_MECHANISM" || /mechanism is not supported/.test(message)) {
    return `takes no login by ${sasl?.mechanism}: set another KAFKA_SASL_MECHANISM`;
  }
  if (type === "ILLEGAL_SASL_STATE") {
    return `asks for no login: set KAFKA_SECURITY_PROTOCOL to ${tls === undefined ? "PLAINTEXT" : "SSL"}`;
  }
  if (name === "KafkaJSSASLAuthenticationError" && !isBrokenLogin(message)) {
    const isUsual = /invalid credentials|invalid username or password/i.test(message);
    const why = isUsual ? "" : ` (${message})`;
    return `denies the login of ${sasl?.username}${why}: check KAFKA_SASL_USERNAME, the password and KAFKA_SASL_MECHANISM`;
  }
  if (message.endsWith(PLAINTEXT_REFUSED)) {
    const where = message.replace(/^Failed to connect: /, "").replace(`: ${PLAINTEXT_REFUSED}`, "");
    return `sends clients on to ${where}, where the password would go without TLS: ` +
      `set KAFKA_SECURITY_PROTOCOL to SASL_SSL, or pass --allow-plaintext-credentials`;
  }
}

/** Whether a login failed only because its connection broke, which kafkajs reports as a denied login. */
export function isBrokenLogin(message: string): boolean {
  return /(Closed connection|Connection (error|timeout).*|timed out|\bECONN\w+|\bEPIPE)$/i.test(message);
}

const NOT_TRUSTED = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|INVALID_CA/;

function tlsFault({ message, code }: Cause, { tls }: KafkaConnection): string | undefined {
  if (tls === undefined) return undefined;
  if (NOT_TRUSTED.test(code)) {
    return tls.ca === undefined
      ? "shows a certificate of an unknown authority: name the file of that authority in KAFKA_SSL_CA_FILE"
      : "shows a certificate that no authority in KAFKA_SSL_CA_FILE has signed";
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const names = /altnames: (?:Host: (.*?)\. is|IP: (.*?) is).* (?:cert's )?(?:altnames|list): (.*)$/.exec(message);
    const holds = names?.[3] ? `it is for ${names[3]}, ` : "";
    const detail = names === null ? "" : `: ${holds}not for ${names[1] ?? names[2]}`;
    return `shows a certificate for another host${detail}; take a name that it holds (KAFKA_BOOTSTRAP_SERVERS)`;
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return "shows a certificate that is not valid now: renew it, or set the clock of this machine";
  }
  if (/ALERT_(BAD_CERT|CERT|UNKNOWN_CA|HANDSHAKE|NO_CERT|UNSUPPORTED_CERT)/.test(code)) {
    return tls.client === undefined
      ? "wants a certificate of the client: set KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE"
      : "does not accept the certificate in KAFKA_SSL_CERT_FILE: its authority must be one that the brokers know";
  }
  if (/^ERR_(SSL|TLS)_/.test(code)) return `and this client find no common TLS: ${message}`;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
