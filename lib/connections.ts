import type { Secret } from "./secret.ts";

export const SASL_MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

/** Where Kafka is, and how a client authenticates. */
export interface KafkaConnection {
  /** `host:port` of at least one broker. */
  brokers: readonly string[];
  /** Missing: without TLS. */
  tls?: KafkaTls;
  /** Missing: without a login. */
  sasl?: KafkaLogin;
}

export interface KafkaTls {
  /** PEM of the authorities that may have signed the brokers' certificates; missing: those the system trusts. */
  ca?: string;
  /** The client's certificate, if the brokers ask for one. */
  client?: { certificate: string; key: Secret };
}

export interface KafkaLogin {
  mechanism: typeof SASL_MECHANISMS[number];
  username: string;
  password: Secret;
  /** Whether it may be sent to another machine without TLS. */
  allowPlaintext: boolean;
}

/** Where the Schema Registry is, and how a client authenticates. */
export interface RegistryConnection {
  /** Base URL, without a trailing slash and without credentials. */
  url: string;
  auth?: { username: string; password: Secret } | { token: Secret };
  /** As in {@linkcode KafkaTls}. */
  ca?: string;
}

/** Where the database is, and how a client shows who it is. */
export interface DatabaseConnection {
  host: string;
  port: number;
  database: string;
  user: string;
  /** Missing: without a password. */
  password?: Secret;
  /** Missing: in the clear. The server's certificate and its name are checked always. */
  tls?: KafkaTls;
}

/** Whether a host name or address means this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[?::1\]?)$/i.test(host);
}
