import type { Kafka } from "kafkajs";
import { EXIT, Failure } from "../../errors.ts";
import type { OffsetRange } from "../../offset_ranges.ts";
import { OffsetSet } from "../../offset_set.ts";
import type { Coordinates } from "../../order.ts";
import { type BeginProgress, unwatched } from "../../progress.ts";
import { deadLetterTopic } from "../../topics.ts";
import { readErrorHeaders } from "../dead_letters/error_headers.ts";
import { heldBack } from "../consume/log_ends.ts";
import { describeHeldBack, type HeldBack } from "../consume/open_transactions.ts";
import { isReadable } from "../client/rights.ts";
import { readTopic } from "../scan/read_topic.ts";

/** Kinds of verdicts. If a record has several, the first in this sequence counts: accepted is final. */
const VERDICTS = ["accepted", "deadLettered", "rejected"] as const;
type Verdict = (typeof VERDICTS)[number];

/** The offsets that have a verdict. */
export class VerdictOffsets {
  readonly #topics = new Map<string, Map<number, Record<Verdict, OffsetSet>>>();

  accepted(at: Coordinates): void {
    this.#in(at).accepted.add(at.offset);
  }

  rejected(at: Coordinates): void {
    this.#in(at).rejected.add(at.offset);
  }

  deadLettered(at: Coordinates): void {
    this.#in(at).deadLettered.add(at.offset);
  }

  /** The verdict that counts for each offset of a partition; undefined if there is none. */
  lastVerdicts(at: { topic: string; partition: number }): (offset: number) => Verdict | undefined {
    const offsets = this.#in(at);
    return (offset) => VERDICTS.find((verdict) => offsets[verdict].has(offset));
  }

  #in({ topic, partition }: { topic: string; partition: number }): Record<Verdict, OffsetSet> {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) this.#topics.set(topic, partitions = new Map());
    let offsets = partitions.get(partition);
    if (offsets === undefined) {
      offsets = { accepted: new OffsetSet(), deadLettered: new OffsetSet(), rejected: new OffsetSet() };
      partitions.set(partition, offsets);
    }
    return offsets;
  }
}

/** What was read of one partition, and what became of its records. */
export interface PartitionAudit {
  topic: string;
  partition: number;
  ranges: OffsetRange[];
  records: number;
  accepted: number;
  rejected: number;
  deadLettered: number;
  /** Offsets of records that were read but have no verdict. */
  missing: number[];
  /** Offsets never read between the first and the last that were: skipped by a reset, which is not a fault. */
  skipped: OffsetRange[];
}

export interface OffsetAudit {
  positions: PartitionAudit[];
  /** Records in those topics that nobody can read yet, behind open transactions. */
  heldBack: ({ topic: string } & HeldBack)[];
}

export interface AuditOptions {
  verdicts: VerdictOffsets;
  begin?: BeginProgress;
}

/**
 * Compares what was read with what is in the topics: each record of a range that was read needs a verdict.
 *
 * Records removed by retention cannot be checked and do not count. Dead letters that cannot be read yet would look
 * missing, so they are a {@linkcode Failure} (69). Permission: net.
 */
export async function auditOffsets(
  kafka: Kafka,
  read: readonly { topic: string; partition: number; ranges: OffsetRange[] }[],
  { verdicts, begin = unwatched }: AuditOptions,
): Promise<OffsetAudit> {
  const audit: OffsetAudit = { positions: [], heldBack: [] };
  for (const [topic, partitions] of Map.groupBy(read, ({ topic }) => topic)) {
    if (!(await isReadable(kafka, topic))) continue;
    await markDeadLetters(kafka, topic, { verdicts, begin });
    audit.positions.push(...await auditTopic(kafka, { topic, partitions }, { verdicts, begin }));
    audit.heldBack.push(...(await heldBack(kafka, topic)).map((held) => ({ topic, ...held })));
  }
  return audit;
}

async function auditTopic(
  kafka: Kafka,
  { topic, partitions: read }: { topic: string; partitions: readonly { partition: number; ranges: OffsetRange[] }[] },
  { verdicts, begin = unwatched }: AuditOptions,
): Promise<PartitionAudit[]> {
  const audits = new Map(read.map(({ partition, ranges }) => [partition, emptyAudit(topic, partition, ranges)]));
  const progress = begin(`Checking ${topic}`, "records");
  const wanted = new Map(read.map(({ partition, ranges }) => [partition, ranges]));
  for await (const { partition, records } of readTopic(kafka, topic, { wanted, progress })) {
    const audit = audits.get(partition)!;
    const lastVerdict = verdicts.lastVerdicts({ topic, partition });
    for await (const { offset } of records) {
      audit.records++;
      const verdict = lastVerdict(offset);
      if (verdict === undefined) audit.missing.push(offset);
      else audit[verdict]++;
    }
  }
  return [...audits.values()].sort((a, b) => a.partition - b.partition);
}

function emptyAudit(topic: string, partition: number, ranges: OffsetRange[]): PartitionAudit {
  const skipped = ranges.slice(1).map(({ from }, index) => ({ from: ranges[index].to, to: from }));
  return { topic, partition, ranges, records: 0, accepted: 0, rejected: 0, deadLettered: 0, missing: [], skipped };
}

/** Notes which records of `topic` are in its dead-letter topic, by their error headers. */
async function markDeadLetters(
  kafka: Kafka,
  topic: string,
  { verdicts, begin = unwatched }: AuditOptions,
): Promise<void> {
  const deadLetters = deadLetterTopic(topic);
  if (!(await isReadable(kafka, deadLetters))) return;
  const held = await heldBack(kafka, deadLetters);
  if (held.length > 0) {
    throw new Failure(EXIT.unavailable, `${describeHeldBack(deadLetters, held)}: check again once it has ended`);
  }
  const progress = begin(`Reading ${deadLetters}`, "records");
  for await (const { records } of readTopic(kafka, deadLetters, { progress })) {
    for await (const { headers } of records) {
      const { origin } = readErrorHeaders(headers);
      if (origin?.topic === topic) verdicts.deadLettered(origin);
    }
  }
}
