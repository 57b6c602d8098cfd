import type { Buffer } from "node:buffer";
import { isDeadLetterTopic } from "../../topics.ts";
import { type AbortedTransaction, passOverAborted } from "./aborted_transactions.ts";
import { type FetchBounds, RecordBatch } from "./record_batch.ts";

/** Fetch in the Kafka protocol, in the last version that kafkajs supports; brokers have it since Kafka 2.3. */
export const FETCH = { apiKey: 1, apiVersion: 11 };

/**
 * Bytes that the batches of one fetch may decompress to; the last one may exceed it, and the rest are left to the next
 * fetch.
 */
const FETCH_BYTES = 32 << 20;

/** The answer to a fetch, in the shape of kafkajs (kafkajs/src/protocol/requests/fetch/v11). */
export interface FetchAnswer {
  /** How long the broker throttled the answer: 0, as it leaves that to the client. */
  throttleTime: number;
  clientSideThrottleTime: number;
  errorCode: number;
  sessionId: number;
  responses: { topicName: string; partitions: FetchedPartition[] }[];
}

/** A partition of the answer; `messages` is empty before {@linkcode readBatches}. Offsets are in decimal. */
export interface FetchedPartition {
  partition: number;
  errorCode: number;
  highWatermark: string;
  lastStableOffset: string;
  bytes: Buffer;
  aborted: AbortedTransaction[];
  messages: RecordBatch[];
}

/** Decodes the answer to a {@linkcode FETCH}; errors in it are left to kafkajs. */
export function decodeFetch(bytes: Buffer): FetchAnswer {
  const answer = new AnswerReader(bytes);
  const clientSideThrottleTime = answer.int32();
  const errorCode = answer.int16();
  const sessionId = answer.int32();
  const responses: FetchAnswer["responses"] = [];
  for (let topics = answer.int32(); topics > 0; topics--) {
    const topicName = answer.text();
    const partitions: FetchedPartition[] = [];
    for (let left = answer.int32(); left > 0; left--) partitions.push(decodePartition(answer));
    responses.push({ topicName, partitions });
  }
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

let turn = 0;

/**
 * Reads the batches of each partition, starting with a different one each time so that none is always last. Records
 * that `wants` excludes may be left out.
 */
export function readBatches({ responses }: FetchAnswer, wants?: FetchBounds["wants"]): void {
  const fetched = responses.flatMap(({ topicName: topic, partitions }) => partitions.map((part) => ({ topic, part })));
  const left = { bytes: FETCH_BYTES };
  turn++;
  for (const index of fetched.keys()) {
    const { topic, part } = fetched[(index + turn) % fetched.length];
    const bounds = { topic, partition: part.partition, ofDeadLetters: isDeadLetterTopic(topic), left, wants };
    part.messages = RecordBatch.readAll(part.bytes, bounds);
    passOverAborted(part.messages, part.aborted);
  }
}

function decodePartition(answer: AnswerReader): FetchedPartition & Record<string, unknown> {
  const about = {
    partition: answer.int32(),
    errorCode: answer.int16(),
    highWatermark: answer.int64(),
    lastStableOffset: answer.int64(),
    lastStartOffset: answer.int64(),
  };
  const aborted: AbortedTransaction[] = [];
  for (let left = answer.int32(); left > 0; left--) {
    aborted.push({ producerId: answer.int64(), firstOffset: Number(answer.int64()) });
  }
  const preferredReadReplica = answer.int32();
  return { ...about, preferredReadReplica, bytes: answer.bytes(), aborted, messages: [] };
}

/** Reads the fields of an answer in sequence; 64-bit numbers as text, as in kafkajs. */
class AnswerReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#pass(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#pass(4));
  }

  int64(): string {
    return this.#bytes.readBigInt64BE(this.#pass(8)).toString();
  }

  text(): string {
    const length = this.int16();
    const start = this.#pass(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    const start = this.#pass(length);
    return this.#bytes.subarray(start, start + length);
  }

  #pass(length: number): number {
    const start = this.#at;
    this.#at += length;
    return start;
  }
}
