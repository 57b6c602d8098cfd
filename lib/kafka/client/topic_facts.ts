import { Buffer } from "node:buffer";
import type { Kafka } from "kafkajs";
import Decoder from "kafkajs/src/protocol/decoder.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import { EXIT, Failure } from "../../errors.ts";
import { type RawResponse, withCluster } from "./internal_cluster.ts";

// Metadata version 12 of the Kafka protocol, the first to name a topic's id; kafkajs ends at version 6.
const METADATA = { apiKey: 3, apiVersion: 12, apiName: "Metadata" };
const NO_ID = Buffer.alloc(16);
const NO_ERROR = 0;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
const TOPIC_AUTHORIZATION_FAILED = 29;
/** The value for "not given", from brokers without ACLs. */
const UNKNOWN_OPERATIONS = -(2 ** 31);
/** Bits of the operations in the protocol (org.apache.kafka.common.acl.AclOperation). */
const OPERATIONS = { Read: 1 << 3, Write: 1 << 4 };

export type TopicOperation = keyof typeof OPERATIONS;

/** What the brokers tell this client about a topic. */
export interface TopicFacts {
  exists: boolean;
  /** False if the brokers say that there is none, not if they just cannot tell now. */
  missing: boolean;
  /** This client may not even know whether it exists. */
  hidden: boolean;
  /** Assigned at creation: a topic recreated under the same name has another id (KIP-516). */
  id: string | undefined;
  /** Whether the client has the right to an operation, as far as the brokers tell. */
  allows(operation: TopicOperation): boolean;
}

/**
 * The facts about each of `topics`, by name; undefined if the brokers are too old to tell (before Kafka 3.0). Throws a
 * {@linkcode Failure} (69) if none answers. Permission: net.
 */
export async function topicFacts(
  kafka: Kafka,
  topics: readonly string[],
): Promise<Map<string, TopicFacts> | undefined> {
  const answer = await withCluster(kafka, (cluster) =>
    cluster.brokerPool.withBroker(async ({ broker }) => {
      if (broker.versions[METADATA.apiKey].maxVersion < METADATA.apiVersion) return { facts: undefined };
      const request = { ...METADATA, encode: () => Promise.resolve(encodeRequest(topics)) };
      return { facts: await broker.connectionPool.send({ request, response }) };
    }));
  // withBroker returns null if no broker answered
  if (answer === null) throw new Failure(EXIT.unavailable, `No broker tells about the topics ${topics.join(", ")}`);
  return answer.facts;
}

function encodeRequest(topics: readonly string[]): unknown {
  const encoder = new Encoder()
    .writeUVarInt(0) // tagged fields of the header
    .writeUVarInt(topics.length + 1);
  for (const topic of topics) encoder.writeBuffer(NO_ID).writeUVarIntString(topic).writeUVarInt(0);
  return encoder
    .writeBoolean(false) // do not create them
    .writeBoolean(true) // with the operations that are allowed
    .writeUVarInt(0);
}

const response: RawResponse<Map<string, TopicFacts>> = {
  decode: (bytes) => Promise.resolve(decodeFacts(new Decoder(bytes))),
  parse: (facts) => Promise.resolve(facts),
};

// deno-lint-ignore no-explicit-any -- an internal class without types
function decodeFacts(decoder: any): Map<string, TopicFacts> {
  decoder.readTaggedFields();
  decoder.readInt32(); // throttle time
  decoder.readUVarIntArray(() => {
    decoder.readInt32(); // node id
    decoder.readUVarIntString(); // host
    decoder.readInt32(); // port
    decoder.readUVarIntString(); // rack
    decoder.readTaggedFields();
  });
  decoder.readUVarIntString(); // cluster id
  decoder.readInt32(); // controller
  return new Map(decoder.readUVarIntArray(() => decodeTopic(decoder)));
}

// deno-lint-ignore no-explicit-any -- as above
function decodeTopic(decoder: any): [name: string, facts: TopicFacts] {
  const error = decoder.readInt16();
  const name: string = decoder.readUVarIntString();
  const id: Buffer = decoder.readBytes(16);
  decoder.readBoolean(); // internal
  decoder.readUVarIntArray(() => {
    decoder.readInt16(); // error
    decoder.readInt32(); // partition
    decoder.readInt32(); // leader
    decoder.readInt32(); // leader's epoch
    for (let list = 0; list < 3; list++) decoder.readUVarIntArray(() => decoder.readInt32()); // replicas
    decoder.readTaggedFields();
  });
  const operations: number = decoder.readInt32();
  decoder.readTaggedFields();
  const told = operations !== UNKNOWN_OPERATIONS;
  return [name, {
    exists: error === NO_ERROR,
    missing: error === UNKNOWN_TOPIC_OR_PARTITION,
    hidden: error === TOPIC_AUTHORIZATION_FAILED,
    id: error === NO_ERROR && !id.equals(NO_ID) ? id.toString("base64url") : undefined,
    allows: (operation) => !told || (operations & OPERATIONS[operation]) !== 0,
  }];
}
