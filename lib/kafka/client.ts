import { setTimeout as delay } from "node:timers/promises";
import { type Admin, Kafka, type KafkaConfig, logLevel } from "kafkajs";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import type { KafkaConnection } from "../connections.ts";
import { EXIT, Failure } from "../errors.ts";
import { connectionRefusal } from "./connection_refusal.ts";
import { messageOf } from "./failures.ts";
import { listenerProtocol } from "./listener_probe.ts";
import { securityOptions } from "./security.ts";

/** How long a broker may stay silent at start before a command gives up, in milliseconds. */
export const START_TIMEOUT_MS = 10_000;
const CONNECT_RETRY_MS = 500;

/** How often requests under way are looked through for ones that have timed out, in milliseconds. */
const TIMEOUT_CHECK_MS = 500;

const connections = new WeakMap<Kafka, KafkaConnection>();

stopIdleTimers();

/**
 * A kafkajs client. Its log goes nowhere: what a person has to know reaches them as an event or an error of the call.
 *
 * Permissions: net; env of the names kafkajs reads (see the permission set `kafka` in deno.json).
 */
export function createKafka(connection: KafkaConnection, overrides: Partial<KafkaConfig> = {}): Kafka {
  const kafka = new Kafka({
    clientId: "order-pipeline",
    brokers: [...connection.brokers],
    connectionTimeout: 3_000,
    requestTimeout: 30_000,
    logLevel: logLevel.NOTHING,
    ...securityOptions(connection),
    ...overrides,
  });
  connections.set(kafka, connection);
  return kafka;
}

/** The connection that a client was made with. */
export function connectionOf(kafka: Kafka): KafkaConnection {
  const connection = connections.get(kafka);
  if (connection === undefined) throw new Error("This client was not made by createKafka");
  return connection;
}

/**
 * Connects and asks the cluster for its metadata. Throws a {@linkcode Failure}: 69 after 10 s of silence, 78 at once where
 * the settings are at fault and not the brokers.
 */
export async function requireBrokers(connection: KafkaConnection): Promise<void> {
  // One client for all attempts: each connects to the next broker of the list.
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
  for (const deadline = Date.now() + START_TIMEOUT_MS;;) {
    try {
      await admin.connect();
      await admin.describeCluster();
      return;
    } catch (error) {
      const refusal = connectionRefusal(error, connection) ?? await otherProtocol(error, connection);
      if (refusal !== undefined) throw refusal;
      if (Date.now() + CONNECT_RETRY_MS > deadline) throw brokerSilence(connection, error);
      await delay(CONNECT_RETRY_MS);
    }
  }
}

/** A connection that broke for no reason may speak to a port with another protocol than it is told. */
async function otherProtocol(error: unknown, connection: KafkaConnection): Promise<Failure | undefined> {
  if (!/Closed connection|disconnected before secure TLS/.test(messageOf(error))) return undefined;
  const { tls, sasl, brokers } = connection;
  const ours = `${sasl === undefined ? "" : "SASL_"}${tls === undefined ? "PLAINTEXT" : "SSL"}`;
  const theirs = await listenerProtocol(connection);
  if (theirs === undefined || theirs === ours) return undefined;
  // Nobody should switch TLS off because of one wrong port.
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

/** The part of kafkajs's queue of requests (kafkajs/src/network/requestQueue) that its timers work with. */
interface InternalQueue {
  pending: unknown[];
  inflight: Map<number, { sentAt: number; requestTimeout: number; timeoutRequest(): void }>;
  throttledUntil: number;
  enforceRequestTimeout: boolean;
  requestTimeoutIntervalId: ReturnType<typeof setInterval>;
  isConnected(): boolean;
  destroy(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

/**
 * Two timers of kafkajs keep a process that waits awake.
 *
 * It re-arms one with a negative delay whenever a request is answered, which becomes a loop of 1 ms timers: 7% CPU for a
 * consumer that waits (tulios/kafkajs#1751). That check is only needed while requests are held back. The other looks
 * for timeouts every 100 ms on each connection: most of what is left.
 */
function stopIdleTimers(): void {
  const prototype: InternalQueue = RequestQueue.prototype;
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
  prototype.scheduleRequestTimeoutCheck = function () {
    if (!this.enforceRequestTimeout) return;
    this.destroy();
    this.requestTimeoutIntervalId = setInterval(() => endLateRequests(this), TIMEOUT_CHECK_MS);
  };
}

function endLateRequests(queue: InternalQueue): void {
  const now = Date.now();
  for (const request of queue.inflight.values()) {
    if (now > request.sentAt + request.requestTimeout) request.timeoutRequest();
  }
  if (!queue.isConnected()) queue.destroy();
}
