import { letterJson } from "../../lib/cli/letter_text.ts";
import type { ReturningLetter } from "../../lib/kafka/dead_letter_slice.ts";
import { type Addressed, createPublisher } from "../../lib/kafka/publisher.ts";
import { ensureTopics } from "../../lib/kafka/topics_admin.ts";
import type { Way } from "./send_slice.ts";

/** Dead letters go back to the byte, into the partition they came from; where that is gone, one stands in for it. */
export const letterWay: Way<ReturningLetter> = {
  maxBatch: 32, // of a MiB each, where the topic takes no larger ones
  async open({ kafka, topic }) {
    await ensureTopics(kafka, topic);
    const publisher = await createPublisher({ connection: kafka, topic, key: "none", encode: alreadyEncoded });
    return {
      send: (letters) => publisher.sendAddressed(letters.map((letter) => toMessage(letter, publisher.partitionCount))),
      close: () => publisher.close(),
    };
  },
  describe({ offset, origin, reason }) {
    return `#${offset}  back to partition ${origin.partition}, was offset ${origin.offset}: ${reason}`;
  },
  preview: (letter) => letterJson(letter, { untold: true }),
};

function toMessage({ key, value, headers, origin }: ReturningLetter, partitions: number): Addressed {
  return { partition: origin.partition % partitions, key, value, headers };
}

function alreadyEncoded(): never {
  throw new Error("A dead letter is sent as it is");
}
