import type { Kafka } from "kafkajs";
import type { Coordinates } from "../../order.ts";
import { type BeginProgress, unwatched } from "../../progress.ts";
import { deadLetterTopic } from "../../topics.ts";
import { deadLetterRange, readDeadLetters } from "./dead_letter_reader.ts";

/**
 * Why each of these records of `topic` became a dead letter, in their order; undefined for a record that did not. Permissions as
 * `readDeadLetters`.
 */
export async function deadLetterReasons(
  kafka: Kafka,
  topic: string,
  { records, begin = unwatched }: { records: readonly Coordinates[]; begin?: BeginProgress },
): Promise<(string | undefined)[]> {
  const reasons: (string | undefined)[] = records.map(() => undefined);
  const range = await deadLetterRange(kafka, topic, {});
  const progress = begin(`Reading ${deadLetterTopic(topic)}`, "records");
  for await (
    const { origin, reason = "no reason given" } of readDeadLetters(kafka, topic, { range, filter: {}, progress })
  ) {
    const index = records.findIndex((record) =>
      record.topic === origin?.topic && record.partition === origin.partition && record.offset === origin.offset
    );
    if (index >= 0) reasons[index] = reason;
  }
  return reasons;
}
