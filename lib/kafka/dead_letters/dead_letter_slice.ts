import { Buffer } from "node:buffer";
import type { Kafka } from "kafkajs";
import type { Coordinates } from "../../order.ts";
import type { StoredLetter } from "../../ports.ts";
import { runMark } from "../../run_mark.ts";
import type { Slice, SliceFilter } from "../../slice.ts";
import { REPLAY_RUN_HEADER } from "../../topics.ts";
import { letterRange, readDeadLetters } from "./dead_letter_reader.ts";

export interface LetterChoice {
  filter: SliceFilter;
  /** A UUID that the letters are marked with. */
  run: string;
  /** Pieces that this run, begun earlier, has sent already. */
  sent: ReadonlySet<string>;
}

/** A dead letter on its way back into the topic it came from. */
export interface ReturningLetter extends StoredLetter {
  origin: Coordinates;
}

/**
 * The dead letters of `topic`, with their original headers and the run's mark. The end is fixed at the call, so what
 * comes back as a dead letter is not sent once more.
 *
 * Left out are letters that do not say that they came from the topic. Permissions as `readPartition`.
 */
export async function deadLetterSlice(
  kafka: Kafka,
  topic: string,
  choice: LetterChoice,
): Promise<Slice<ReturningLetter>> {
  const range = await letterRange(kafka, topic, choice.filter);
  const counts = { total: 0, sent: 0, foreign: 0 };
  const letters = () => readDeadLetters(kafka, topic, { range, filter: choice.filter });
  const fateOf = (letter: StoredLetter) => {
    if (letter.origin?.topic !== topic) return "foreign";
    return choice.sent.has(String(letter.offset)) ? "sent" : "total";
  };
  for await (const letter of letters()) counts[fateOf(letter)]++;
  async function* items() {
    for await (const letter of letters()) if (fateOf(letter) === "total") yield marked(letter, choice.run);
  }
  const notes = [];
  if (counts.sent > 0) notes.push(`${counts.sent} were sent by this run before`);
  if (counts.foreign > 0) notes.push(`${counts.foreign} left out that do not say they came from ${topic}`);
  return {
    total: counts.total,
    noun: "dead letter",
    notes,
    counts: { sent_before: counts.sent, foreign: counts.foreign },
    to: range.to,
    items,
  };
}

/** The mark of an earlier run goes: of several only the last is looked at. */
function marked(letter: StoredLetter, run: string): ReturningLetter {
  const came = letter.headers;
  const kept = came.at(-1)?.[0] === REPLAY_RUN_HEADER ? came.slice(0, -1) : came;
  const mark = Buffer.from(runMark(run, String(letter.offset)));
  return { ...letter, origin: letter.origin!, headers: [...kept, [REPLAY_RUN_HEADER, mark]] };
}
