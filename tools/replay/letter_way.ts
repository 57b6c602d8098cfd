import { letterJson } from "../../lib/cli/letter_text.ts";
import type { ReturningLetter } from "../../lib/kafka/dead_letters/dead_letter_slice.ts";
import { type Addressed, createPublisher } from "../../lib/kafka/produce/publisher.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import type { Way } from "./send_slice.ts";

/** Dead letters go back to the byte, into the partition they came from; where that is gone, one stands in for it. */
export const letterWay: Way<ReturningLetter> = {
  maxBatch: 32, // of a MiB each, where the topic takes no larger ones
  async open({ kafka, topic }) {
    await ensureTopics(kafka, topic);
    const publisher = await createPublisher({ connection: kafka, topic, key: "none", encode: alreadyEncoded });
    const partitions = publisher.partitionCount;
    return {
      send: (letters) => publisher.sendAddressed(letters.map((letter) => toMessage(letter, partitions))),
      close: () => publisher.close(),
      describe: (letter) => describe(letter, partitions),
    };
  },
  preview: (letter) => letterJson(letter, { untold: true }),
};

/** The partition it came from, or the one that stands in where the topic has fewer by now. */
function partitionFor({ origin }: ReturningLetter, partitions: number): number {
  return origin.partition % partitions;
}

function describe(letter: ReturningLetter, partitions: number): string {
  const { offset, origin, reason } = letter;
  const partition = partitionFor(letter, partitions);
  const way = partition === origin.partition
    ? `back to partition ${partition}, was offset ${origin.offset}`
    : `to partition ${partition}, was offset ${origin.offset} of partition ${origin.partition}, which is gone`;
  return `#${offset}  ${way}: ${reason}`;
}

function toMessage(letter: ReturningLetter, partitions: number): Addressed {
  const { key, value, headers } = letter;
  return { partition: partitionFor(letter, partitions), key, value, headers };
}

function alreadyEncoded(): never {
  throw new Error("A dead letter is sent as it is");
}
