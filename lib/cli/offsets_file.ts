import { parse } from "csv-parse/sync";
import { EXIT, Failure, messageOf } from "../errors.ts";

/** Offsets of one topic by partition, and how many lines were about another topic or group. */
export interface OffsetsFile {
  offsets: Map<number, number>;
  others: number;
}

interface Line {
  group?: string;
  topic: string;
  partition: number;
  offset: number;
}

/**
 * Reads what `kafka-consumer-groups --export` writes (`topic,partition,offset`, or with the group in front), or what
 * `offsets show --json` prints. Throws a {@linkcode Failure} (65) that names the place where `text` is neither.
 */
export function parseOffsetsFile(
  text: string,
  { name, group, topic }: { name: string; group: string; topic: string },
): OffsetsFile {
  const lines = /^\s*\{/.test(text) ? jsonLines(text, name) : csvLines(text, name);
  const ours = lines.filter((line) => line.topic === topic && (line.group ?? group) === group);
  if (ours.length === 0) throw new Failure(EXIT.data, `${name} has no offset of the group ${group} in ${topic}`);
  const offsets = new Map<number, number>();
  for (const { partition, offset } of ours) {
    if (offsets.has(partition)) throw new Failure(EXIT.data, `${name} names partition ${partition} twice`);
    offsets.set(partition, offset);
  }
  return { offsets, others: lines.length - ours.length };
}

function csvLines(text: string, name: string): Line[] {
  const rows: string[][] = parsed(
    () => parse(text, { relax_column_count: true, skip_empty_lines: true, trim: true }),
    name,
  );
  return rows.map((row, index) => {
    const [partition, offset] = row.slice(-2).map((cell) => /^\d+$/.test(cell) ? Number(cell) : NaN);
    if (![3, 4].includes(row.length) || !Number.isSafeInteger(partition) || !Number.isSafeInteger(offset)) {
      throw new Failure(
        EXIT.data,
        `${name} line ${index + 1} must be topic,partition,offset or group,topic,partition,offset, got "${row}"`,
      );
    }
    return { group: row.at(-4), topic: row.at(-3)!, partition, offset };
  });
}

/**
 * As `show --json` prints it, of whatever group, so that one can be put where another is; partitions without an offset
 * are left out.
 */
function jsonLines(text: string, name: string): Line[] {
  const shown: { topic?: unknown; partitions?: unknown } = parsed(() => JSON.parse(text), name);
  const { topic, partitions } = shown;
  if (typeof topic !== "string" || !Array.isArray(partitions)) {
    throw new Failure(EXIT.data, `${name} must be what deno task offsets show --json prints`);
  }
  return partitions.flatMap((at) => {
    const offset = at?.store ?? at?.committed ?? null;
    if (offset === null) return [];
    if (![at.partition, offset].every((value) => Number.isSafeInteger(value) && value >= 0)) {
      throw new Failure(EXIT.data, `${name} has a partition that is not as deno task offsets show --json prints it`);
    }
    return [{ topic, partition: at.partition, offset }];
  });
}

function parsed<T>(parse: () => T, name: string): T {
  try {
    return parse();
  } catch (cause) {
    throw new Failure(EXIT.data, `${name} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
