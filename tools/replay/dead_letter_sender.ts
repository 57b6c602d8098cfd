import { deadLetterJson } from "../../lib/cli/dead_letter_text.ts";
import type { ReturningDeadLetter } from "../../lib/kafka/dead_letters/dead_letter_slice.ts";
import { type Addressed, createPublisher } from "../../lib/kafka/produce/publisher.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import type { Sender } from "./send_slice.ts";

/**
 * Sends dead letters back byte for byte, into the partition they came from, or another one if that no longer exists.
 */
export const deadLetterSender: Sender<ReturningDeadLetter> = {
  maxBatch: 32, // of 1 MiB each, unless the topic takes larger ones
  async open({ kafka, topic }) {
    await ensureTopics(kafka, topic);
    const publisher = await createPublisher({ connection: kafka, topic, key: "none", encode: alreadyEncoded });
    const partitions = publisher.partitionCount;
    return {
      send: (deadLetters) =>
        publisher.sendAddressed(deadLetters.map((deadLetter) => toMessage(deadLetter, partitions))),
      close: () => publisher.close(),
      describe: (deadLetter) => describe(deadLetter, partitions),
    };
  },
  preview: (deadLetter) => deadLetterJson(deadLetter, { untold: true }),
};

/** The partition it came from, or another one if the topic has fewer partitions now. */
function partitionFor({ origin }: ReturningDeadLetter, partitions: number): number {
  return origin.partition % partitions;
}

function describe(deadLetter: ReturningDeadLetter, partitions: number): string {
  const { offset, origin, reason } = deadLetter;
  const partition = partitionFor(deadLetter, partitions);
  const where = partition === origin.partition
    ? `back to partition ${partition}, was offset ${origin.offset}`
    : `to partition ${partition}, was offset ${origin.offset} of partition ${origin.partition}, which is gone`;
  return `#${offset}  ${where}: ${reason}`;
}

function toMessage(deadLetter: ReturningDeadLetter, partitions: number): Addressed {
  const { key, value, headers } = deadLetter;
  return { partition: partitionFor(deadLetter, partitions), key, value, headers };
}

function alreadyEncoded(): never {
  throw new Error("A dead letter is sent as it is");
}
