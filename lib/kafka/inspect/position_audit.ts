import type { Admin, Kafka } from "kafkajs";
import { EXIT, Failure } from "../../errors.ts";
import { OffsetSet } from "../../offset_set.ts";
import { deadLetterTopic } from "../../topics.ts";
import { disconnect } from "../client/disconnect.ts";
import { readErrorHeaders } from "../dead_letters/error_headers.ts";
import { partitionLogs } from "../consume/group_offsets.ts";
import { heldBack } from "../consume/log_ends.ts";
import { describeHeldBack, type HeldBack } from "../consume/open_transactions.ts";
import { isReadable } from "../client/rights.ts";
import { scanTopic } from "../scan/topic_scan.ts";

interface Place {
  topic: string;
  partition: number;
  offset: number;
}

interface Range {
  from: number;
  to: number;
}

/** Where verdicts were given, by kind and partition. */
export class VerdictPlaces {
  readonly #accepted = new Map<string, OffsetSet>();
  readonly #rejected = new Map<string, OffsetSet>();
  readonly #deadLettered = new Map<string, OffsetSet>();

  accepted(place: Place): void {
    add(this.#accepted, place);
  }

  rejected(place: Place): void {
    add(this.#rejected, place);
  }

  deadLettered(place: Place): void {
    add(this.#deadLettered, place);
  }

  /** The last verdict on a record: accepted for good, else dead-lettered or rejected. */
  lastVerdict(place: Place): "accepted" | "rejected" | "deadLettered" | undefined {
    if (has(this.#accepted, place)) return "accepted";
    if (has(this.#deadLettered, place)) return "deadLettered";
    if (has(this.#rejected, place)) return "rejected";
  }
}

/** What was read of one partition, and what became of its records. */
export interface PositionAudit {
  topic: string;
  partition: number;
  ranges: Range[];
  records: number;
  accepted: number;
  rejected: number;
  deadLettered: number;
  /** Offsets of records that were read but have no verdict. */
  missing: number[];
  /** Offsets never read, between the first and the last that were: skipped by a reset, not wrong. */
  skipped: Range[];
}

export interface PositionsAudit {
  positions: PositionAudit[];
  /** What nobody can read yet in those topics, so that nobody can have read it. */
  heldBack: ({ topic: string } & HeldBack)[];
}

/**
 * Compares what was read with what is in the topics: each record of a range needs a verdict.
 *
 * Records that retention has removed cannot be looked at and are not counted. Dead letters that cannot be read yet would
 * be missed, so they are a {@linkcode Failure} (69). Permission: net.
 */
export async function auditPositions(
  kafka: Kafka,
  read: readonly { topic: string; partition: number; ranges: Range[] }[],
  places: VerdictPlaces,
): Promise<PositionsAudit> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const audit: PositionsAudit = { positions: [], heldBack: [] };
    for (const [topic, partitions] of Map.groupBy(read, ({ topic }) => topic)) {
      if (!(await isReadable(kafka, topic))) continue;
      await markDeadLetters(kafka, admin, topic, places);
      audit.positions.push(...await auditTopic(kafka, admin, topic, partitions, places));
      audit.heldBack.push(...(await heldBack(kafka, topic)).map((held) => ({ topic, ...held })));
    }
    return audit;
  } finally {
    await disconnect(admin);
  }
}

async function auditTopic(
  kafka: Kafka,
  admin: Admin,
  topic: string,
  read: readonly { partition: number; ranges: Range[] }[],
  places: VerdictPlaces,
): Promise<PositionAudit[]> {
  const logs = await partitionLogs(admin, topic);
  const audits = new Map(read.map(({ partition, ranges }) => [partition, emptyAudit(topic, partition, ranges)]));
  const scans = logs.flatMap(({ partition, low, high }) => {
    const ranges = audits.get(partition)?.ranges ?? [];
    return ranges.map(({ from, to }) => ({ partition, from: Math.max(low, from), to: Math.min(high, to) }));
  });
  await scanTopic(kafka, topic, scans, (partition, { offset }) => {
    const audit = audits.get(partition)!;
    audit.records++;
    const verdict = places.lastVerdict({ topic, partition, offset: Number(offset) });
    if (verdict === undefined) audit.missing.push(Number(offset));
    else audit[verdict]++;
  });
  return [...audits.values()].sort((a, b) => a.partition - b.partition);
}

function emptyAudit(topic: string, partition: number, ranges: Range[]): PositionAudit {
  const skipped = ranges.slice(1).map(({ from }, index) => ({ from: ranges[index].to, to: from }));
  return { topic, partition, ranges, records: 0, accepted: 0, rejected: 0, deadLettered: 0, missing: [], skipped };
}

/** Notes which records of `topic` lie in its dead-letter topic, by the headers they went there with. */
async function markDeadLetters(kafka: Kafka, admin: Admin, topic: string, places: VerdictPlaces): Promise<void> {
  const deadLetters = deadLetterTopic(topic);
  if (!(await isReadable(kafka, deadLetters))) return;
  const held = await heldBack(kafka, deadLetters);
  if (held.length > 0) {
    throw new Failure(EXIT.unavailable, `${describeHeldBack(deadLetters, held)}: check again once it has ended`);
  }
  const logs = await partitionLogs(admin, deadLetters);
  const everything = logs.map(({ partition, low, high }) => ({ partition, from: low, to: high }));
  await scanTopic(kafka, deadLetters, everything, (_, { headers }) => {
    const { origin } = readErrorHeaders(headers);
    if (origin?.topic === topic) places.deadLettered(origin);
  });
}

function add(sets: Map<string, OffsetSet>, { topic, partition, offset }: Place): void {
  const key = `${topic}/${partition}`;
  let set = sets.get(key);
  if (set === undefined) sets.set(key, set = new OffsetSet());
  set.add(offset);
}

function has(sets: Map<string, OffsetSet>, { topic, partition, offset }: Place): boolean {
  return sets.get(`${topic}/${partition}`)?.has(offset) ?? false;
}
