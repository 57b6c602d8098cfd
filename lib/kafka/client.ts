import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import type { KafkaConnection } from "../connections.ts";
import { EXIT, Failure } from "../errors.ts";

/** How long a broker may stay silent at start before a command gives up, in milliseconds. */
export const START_TIMEOUT_MS = 10_000;

/** How often requests under way are looked through for ones that have timed out, in milliseconds. */
const TIMEOUT_CHECK_MS = 500;

stopIdleTimers();

/**
 * A kafkajs client. Its log goes nowhere: what a person has to know reaches them as an event or an error of the call.
 *
 * Permissions: net; env of the names kafkajs reads (see the permission set `kafka` in deno.json).
 */
export function createKafka(connection: KafkaConnection, overrides: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({
    clientId: "order-pipeline",
    brokers: [...connection.brokers],
    connectionTimeout: 3_000,
    requestTimeout: 30_000,
    logLevel: logLevel.NOTHING,
    ...overrides,
  });
}

/** Connects and asks the cluster for its metadata; a {@linkcode Failure} (69) after 10 s of silence. */
export async function requireBrokers(connection: KafkaConnection): Promise<void> {
  const retries = { initialRetryTime: 200, maxRetryTime: 1_000, retries: 12 };
  const admin = createKafka(connection, { retry: retries, requestTimeout: 3_000 }).admin();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer within 10 s")), START_TIMEOUT_MS);
  });
  try {
    await Promise.race([admin.connect().then(() => admin.describeCluster()), silence]);
  } catch (cause) {
    throw new Failure(EXIT.unavailable, brokerSilence(connection, cause), { cause });
  } finally {
    clearTimeout(timer);
    await admin.disconnect().catch(() => {}); // not connected: nothing to close
  }
}

function brokerSilence({ brokers }: KafkaConnection, cause: unknown): string {
  const why = cause instanceof Error ? cause.message : String(cause);
  return `Cannot reach Kafka at ${
    brokers.join(",")
  }: ${why}; start it with deno task up, or set KAFKA_BOOTSTRAP_SERVERS`;
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
