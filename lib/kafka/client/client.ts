import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import Connection from "kafkajs/src/network/connection.js";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import type { KafkaConnection } from "../../connections.ts";
import { securityOptions } from "./security.ts";

/** How long a broker may stay silent at start before a command gives up, in milliseconds. */
export const START_TIMEOUT_MS = 10_000;

/** How often pending requests are checked for timeouts, in milliseconds. */
const TIMEOUT_CHECK_MS = 500;

const connections = new WeakMap<Kafka, KafkaConnection>();

stopIdleTimers();
forgetDeadSockets();

/**
 * A kafkajs client without a log: what a person has to know arrives as an event or an error of a call.
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

/** The part of kafkajs's request queue (kafkajs/src/network/requestQueue) that its timers use. */
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
 * Stops two kafkajs timers that keep a waiting process busy.
 *
 * kafkajs restarts one with a negative delay on every answer, which becomes a loop of 1 ms timers: 7% CPU for a waiting
 * consumer (tulios/kafkajs#1751). It is only needed while requests are held back. The other checks every connection for
 * timeouts every 100 ms, which takes most of the remaining time.
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

/** The part of kafkajs's connection (kafkajs/src/network/connection.js) that outlives its socket. */
interface InternalConnection {
  socket: { destroyed: boolean } | null | undefined;
  disconnect(): Promise<boolean>;
}

/**
 * While a broker is away, kafkajs closes its connections again with every attempt, and each time adds a listener to the
 * dead socket: the eleventh prints a warning about a memory leak.
 */
function forgetDeadSockets(): void {
  const prototype: InternalConnection = Connection.prototype;
  const { disconnect } = prototype;
  prototype.disconnect = function () {
    if (this.socket?.destroyed) this.socket = null;
    return disconnect.call(this);
  };
}
