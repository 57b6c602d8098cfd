import type { Admin } from "kafkajs";
import type { KafkaConnection } from "../../connections.ts";
import { EXIT, Failure, messageOf } from "../../errors.ts";
import { patiently } from "../../patiently.ts";
import { createKafka, START_TIMEOUT_MS } from "./client.ts";
import { connectionDenied } from "./connection_denied.ts";
import { listenerProtocol } from "./listener_probe.ts";

const RETRY_MS = 500;

/**
 * Connects and asks the cluster for its metadata. Throws a {@linkcode Failure}: 69 after 10 s of silence, 78 at once if
 * the settings are at fault and not the brokers.
 */
export async function requireBrokers(connection: KafkaConnection): Promise<void> {
  // One client for all attempts: each attempt connects to the next broker in the list.
  const admin = createKafka(connection, { retry: { retries: 0 }, requestTimeout: 3_000 }).admin();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(brokerSilence(connection, new Error("no answer within 10 s"))), START_TIMEOUT_MS);
  });
  try {
    await Promise.race([connectPatiently(admin, connection), silence]);
  } finally {
    clearTimeout(timer);
    await admin.disconnect().catch(() => {}); // not connected: nothing to close
  }
}

async function connectPatiently(admin: Admin, connection: KafkaConnection): Promise<void> {
  const connect = async () => {
    try {
      await admin.connect();
      await admin.describeCluster();
    } catch (error) {
      const denied = connectionDenied(error, connection) ?? await otherProtocol(error, connection);
      throw denied ?? brokerSilence(connection, error);
    }
  };
  const passes = (error: unknown) => error instanceof Failure && error.exit === EXIT.unavailable;
  await patiently(connect, { forMs: START_TIMEOUT_MS, everyMs: RETRY_MS, passes });
}

/** A connection that broke without a reason may have reached a port with another protocol. */
async function otherProtocol(error: unknown, connection: KafkaConnection): Promise<Failure | undefined> {
  if (!/Closed connection|disconnected before secure TLS|timed out/.test(messageOf(error))) return undefined;
  const { tls, sasl, brokers } = connection;
  const ours = `${sasl === undefined ? "" : "SASL_"}${tls === undefined ? "PLAINTEXT" : "SSL"}`;
  const theirs = await listenerProtocol(connection);
  if (theirs === undefined || theirs === ours) return undefined;
  // One wrong port should not make anybody turn TLS off.
  const port = tls !== undefined && !theirs.endsWith("SSL") ? "take its TLS port (KAFKA_BOOTSTRAP_SERVERS), or " : "";
  const where = brokers.join(",");
  const message = `Kafka at ${where} speaks ${theirs}, not ${ours}: ${port}set KAFKA_SECURITY_PROTOCOL to ${theirs}`;
  return new Failure(EXIT.config, message, { cause: error });
}

function brokerSilence({ brokers }: KafkaConnection, cause: unknown): Failure {
  const where = brokers.join(",");
  const message = `Cannot reach Kafka at ${where}: ${messageOf(cause)}; ` +
    `start it with deno task up, or set KAFKA_BOOTSTRAP_SERVERS`;
  return new Failure(EXIT.unavailable, message, { cause });
}
