import { Kafka, logLevel } from "kafkajs";
import type { KafkaConnection } from "../../connections.ts";
import { causesOf } from "../../errors.ts";
import { withAdmin } from "./disconnect.ts";

const ANSWER_MS = 2_000;
/** A mechanism that no broker has: the answer shows whether it takes logins at all. */
const NO_MECHANISM = { mechanism: "NONE", authenticationProvider: () => ({ authenticate: () => Promise.resolve() }) };

/**
 * The security protocol of the first broker, as a value of KAFKA_SECURITY_PROTOCOL; undefined if that cannot be found
 * out. For a connection that broke without a reason: TLS is noise to a client without TLS, and the other way round.
 * Sends no credentials and does not trust the answer. Permission: net.
 */
export async function listenerProtocol({ brokers }: KafkaConnection): Promise<string | undefined> {
  return await probe(brokers[0], { tls: true }) ?? await probe(brokers[0], { tls: false });
}

async function probe(broker: string, { tls }: { tls: boolean }): Promise<string | undefined> {
  const kafka = new Kafka({
    brokers: [broker],
    ssl: tls ? { rejectUnauthorized: false } : undefined,
    sasl: NO_MECHANISM,
    connectionTimeout: ANSWER_MS,
    requestTimeout: ANSWER_MS,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  });
  try {
    return await withAdmin(kafka, () => Promise.resolve(undefined)); // no broker accepts this
  } catch (error) {
    const { type, code } = lastCause(error);
    if (type === "UNSUPPORTED_SASL_MECHANISM") return tls ? "SASL_SSL" : "SASL_PLAINTEXT";
    if (type === "ILLEGAL_SASL_STATE") return tls ? "SSL" : "PLAINTEXT";
    // It speaks TLS and wants a certificate, as only brokers without a login do.
    return code?.startsWith("ERR_SSL_") && code.includes("ALERT") ? "SSL" : undefined;
  }
}

function lastCause(error: unknown): { type?: string; code?: string } {
  const { type, code } = [...causesOf(error)].at(-1) as Error & { type?: string; code?: string };
  return { type, code: typeof code === "string" ? code : undefined };
}
