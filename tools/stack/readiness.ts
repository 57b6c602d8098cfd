import { setTimeout as delay } from "node:timers/promises";
import { registryHttp } from "../../lib/avro/registry_http.ts";
import type { KafkaConnection } from "../../lib/connections.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { disconnect } from "../../lib/kafka/client/disconnect.ts";
import { HOST } from "./ports.ts";

/** How long a service may take from its start to its first answer, in milliseconds; a cold disk is slow. */
const READY_MS = 90_000;
const POLL_MS = 100;
const REQUEST_MS = 2_000;

/**
 * Repeats the question until the answer is yes. Throws a {@linkcode Failure} (69) after 90 s, and when `stop` aborts.
 */
export async function waitUntil(
  answers: () => Promise<boolean>,
  options: { what: string; stop: AbortSignal },
): Promise<void> {
  for (const deadline = Date.now() + READY_MS; !(await answers());) {
    if (Date.now() > deadline) throw new Failure(EXIT.unavailable, `${options.what} did not answer within 90 s`);
    await delay(POLL_MS, undefined, { signal: options.stop });
  }
}

/** Whether all brokers of the connection are members of the cluster. Permissions: net, env of kafkajs. */
export async function brokersAnswer(connection: KafkaConnection): Promise<boolean> {
  for (const broker of connection.brokers) {
    if (!(await isListening(Number(broker.split(":")[1])))) return false;
  }
  const admin = createKafka(connection, { retry: { retries: 0 }, requestTimeout: REQUEST_MS }).admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length === connection.brokers.length;
  } catch {
    return false; // not yet
  } finally {
    await disconnect(admin);
  }
}

/** Whether the registry at `url` lists its subjects. Permission: net. */
export async function registryAnswers(url: string): Promise<boolean> {
  try {
    return Array.isArray(await registryHttp({ url })("/subjects"));
  } catch (error) {
    if (error instanceof Failure) return false; // not yet
    throw error;
  }
}

/** Far cheaper than a failing Kafka client. */
async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: HOST, port })).close();
    return true;
  } catch {
    return false;
  }
}
