import { Buffer } from "node:buffer";
import type { Kafka } from "kafkajs";
import type { Coordinates } from "../../order.ts";
import type { StoredDeadLetter } from "../../ports.ts";
import type { BeginProgress, Progress } from "../../progress.ts";
import { runMark } from "../../run_mark.ts";
import type { Slice, SliceFilter } from "../../slice.ts";
import { REPLAY_RUN_HEADER } from "../../topics.ts";
import { deadLetterRange, readDeadLetters } from "./dead_letter_reader.ts";

export interface DeadLetterChoice {
  filter: SliceFilter;
  /** A UUID to mark the dead letters with. */
  run: string;
  /** Records that this resumed run has already sent. */
  sent: ReadonlySet<string>;
  begin?: BeginProgress;
}

/** A dead letter to be sent back into the topic it came from. */
export interface ReturningDeadLetter extends StoredDeadLetter {
  origin: Coordinates;
}

/**
 * The dead letters of `topic`, with their original headers and the run's mark. The end is fixed at the call, so what
 * comes back as a dead letter is not sent again.
 *
 * Dead letters that do not say that they came from the topic are left out. Permissions as `readPartition`.
 */
export async function deadLetterSlice(
  kafka: Kafka,
  topic: string,
  choice: DeadLetterChoice,
): Promise<Slice<ReturningDeadLetter>> {
  const range = await deadLetterRange(kafka, topic, choice.filter);
  const counts = { total: 0, sent: 0, foreign: 0 };
  const deadLetters = (progress?: Progress) =>
    readDeadLetters(kafka, topic, { range, filter: choice.filter, progress });
  const fateOf = (deadLetter: StoredDeadLetter) => {
    if (deadLetter.origin?.topic !== topic) return "foreign";
    return choice.sent.has(String(deadLetter.offset)) ? "sent" : "total";
  };
  const progress = choice.begin?.("Counting the dead letters", "records");
  for await (const deadLetter of deadLetters(progress)) counts[fateOf(deadLetter)]++;
  const size = range.to - range.from;
  progress?.(size, size);
  async function* items() {
    for await (const deadLetter of deadLetters()) {
      if (fateOf(deadLetter) === "total") yield marked(deadLetter, choice.run);
    }
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

/** Removes the mark of an earlier run: only the last one counts. */
function marked(deadLetter: StoredDeadLetter, run: string): ReturningDeadLetter {
  const came = deadLetter.headers;
  const kept = came.at(-1)?.[0] === REPLAY_RUN_HEADER ? came.slice(0, -1) : came;
  const mark = Buffer.from(runMark(run, String(deadLetter.offset)));
  return { ...deadLetter, origin: deadLetter.origin!, headers: [...kept, [REPLAY_RUN_HEADER, mark]] };
}
