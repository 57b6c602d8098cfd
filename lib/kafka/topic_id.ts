import { Buffer } from "node:buffer";
import type { Kafka } from "kafkajs";
import Decoder from "kafkajs/src/protocol/decoder.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import { type RawResponse, withCluster } from "./internal_cluster.ts";

// Metadata version 12 of the Kafka protocol, the first to name a topic's id; kafkajs ends at version 6.
const METADATA = { apiKey: 3, apiVersion: 12, apiName: "Metadata" };
const NO_ID = Buffer.alloc(16);

/**
 * The id that the brokers gave `topic` when it was created: a topic of the same name that was deleted and created anew
 * has another one, and its offsets mean other records (KIP-516).
 *
 * Undefined where there is no such topic, or the brokers do not tell (before Kafka 3.0). Permission: net.
 */
export async function readTopicId(kafka: Kafka, topic: string): Promise<string | undefined> {
  const id = await withCluster(kafka, (cluster) =>
    cluster.brokerPool.withBroker(async ({ broker }) => {
      if (broker.versions[METADATA.apiKey].maxVersion < METADATA.apiVersion) return undefined;
      const request = { ...METADATA, encode: () => Promise.resolve(encodeRequest(topic)) };
      return await broker.connectionPool.send({ request, response });
    }));
  return id ?? undefined; // withBroker answers null where no broker could
}

function encodeRequest(topic: string): unknown {
  return new Encoder()
    .writeUVarInt(0) // tagged fields of the header
    .writeUVarInt(2) // one topic
    .writeBuffer(NO_ID)
    .writeUVarIntString(topic)
    .writeUVarInt(0)
    .writeBoolean(false) // do not create it
    .writeBoolean(false) // no authorized operations
    .writeUVarInt(0);
}

const response: RawResponse<string | undefined> = {
  decode: (bytes) => Promise.resolve(decodeTopicId(new Decoder(bytes))),
  parse: (id) => Promise.resolve(id),
};

// deno-lint-ignore no-explicit-any -- an internal class without types
function decodeTopicId(decoder: any): string | undefined {
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
  decoder.readUVarInt(); // one topic
  const error = decoder.readInt16();
  decoder.readUVarIntString(); // its name
  const id: Buffer = decoder.readBytes(16);
  return error === 0 && !id.equals(NO_ID) ? id.toString("base64url") : undefined;
}
