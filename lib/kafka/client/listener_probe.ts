import { Kafka, logLevel } from "kafkajs";
import type { KafkaConnection } from "../../connections.ts";
import { causesOf } from "../../errors.ts";
import { withAdmin } from "./disconnect.ts";

const ANSWER_MS = 2_000;
/** No broker has it: one that takes logins says so, one that takes none says that. */
const NO_MECHANISM = { mechanism: "NONE", authenticationProvider: () => ({ authenticate: () => Promise.resolve() }) };

/**
 * The security protocol that the first broker speaks, in the words of KAFKA_SECURITY_PROTOCOL; undefined where that
 * cannot be told. For a connection that broke without a reason: what TLS is to a client that speaks none, and the other
 * way round, is noise. Sends no credentials and trusts nothing that is answered. Permission: net.
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
    return await withAdmin(kafka, () => Promise.resolve(undefined)); // no broker lets that in
  } catch (error) {
    const { type, code } = lastCause(error);
    if (type === "UNSUPPORTED_SASL_MECHANISM") return tls ? "SASL_SSL" : "SASL_PLAINTEXT";
    if (type === "ILLEGAL_SASL_STATE") return tls ? "SSL" : "PLAINTEXT";
    // It has spoken TLS and wants a certificate, as only brokers without a login do.
    return code?.startsWith("ERR_SSL_") && code.includes("ALERT") ? "SSL" : undefined;
  }
}

function lastCause(error: unknown): { type?: string; code?: string } {
  const { type, code } = [...causesOf(error)].at(-1) as Error & { type?: string; code?: string };
  return { type, code: typeof code === "string" ? code : undefined };
}
