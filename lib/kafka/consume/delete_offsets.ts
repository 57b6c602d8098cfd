import Decoder from "kafkajs/src/protocol/decoder.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import { createErrorFromCode, failure } from "kafkajs/src/protocol/error.js";
import { EXIT, Failure } from "../../errors.ts";
import type { InternalBroker, RawResponse } from "../client/internal_cluster.ts";

// OffsetDelete version 0 of the Kafka protocol (KIP-496), which kafkajs lacks.
const OFFSET_DELETE = { apiKey: 47, apiVersion: 0, apiName: "OffsetDelete" };

/** A group that has no offsets at all is none. */
const GROUP_ID_NOT_FOUND = 69;

export interface CommittedPartitions {
  groupId: string;
  topic: string;
  partitions: readonly number[];
}

/**
 * Deletes committed offsets of a group without members, by its coordinator; one that is not there is fine. Committing
 * -1 would look the same to consumers, but Kafka's own tool then refuses `--to-current`. Permissions: net; at the broker
 * DELETE on the group.
 */
export async function deleteOffsets(
  coordinator: InternalBroker,
  { groupId, topic, partitions }: CommittedPartitions,
): Promise<void> {
  const encoder = new Encoder().writeString(groupId)
    .writeInt32(1) // one topic
    .writeString(topic)
    .writeInt32(partitions.length);
  for (const partition of partitions) encoder.writeInt32(partition);
  const request = { ...OFFSET_DELETE, encode: () => Promise.resolve(encoder) };
  try {
    await coordinator.connectionPool.send({ request, response });
  } catch (error) {
    if ((error as { type?: string }).type !== "GROUP_AUTHORIZATION_FAILED") throw error;
    const message = `Kafka denies Delete on group ${groupId}, which going back to no offset at all takes; ` +
      `an administrator grants it, or name an offset (deno task offsets reset)`;
    throw new Failure(EXIT.config, message, { cause: error });
  }
}

/** The error codes of the group and of each partition. */
const response: RawResponse<number[]> = {
  decode: (bytes) => Promise.resolve(decodeErrors(new Decoder(bytes))),
  parse: (codes) => {
    const wrong = codes.find((code) => failure(code) && code !== GROUP_ID_NOT_FOUND);
    return wrong === undefined ? Promise.resolve(codes) : Promise.reject(createErrorFromCode(wrong));
  },
};

// deno-lint-ignore no-explicit-any -- an internal class without types
function decodeErrors(decoder: any): number[] {
  const group: number = decoder.readInt16();
  decoder.readInt32(); // throttle time
  const topics: number[][] = decoder.readArray(() => {
    decoder.readString();
    return decoder.readArray(() => {
      decoder.readInt32(); // partition
      return decoder.readInt16();
    });
  });
  return [group, ...topics.flat()];
}
