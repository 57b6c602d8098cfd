import type { Admin } from "kafkajs";
import { EXIT, Failure } from "../../errors.ts";
import { epochTime, instant, type ResetStep, resetStep, type ResetTarget } from "../../reset_target.ts";
import type { GroupTopic } from "./group_topic.ts";
import { committedOffsets, type PartitionLog, partitionLogs } from "./group_offsets.ts";

/** What to reset; all partitions if none are named. */
export interface ResetRequest extends GroupTopic {
  target: ResetTarget;
  partitions?: readonly number[];
}

/**
 * What a reset would do to each partition now. Throws a {@linkcode Failure} (64) for a partition that does not exist,
 * and for an offset that can only be meant as a time.
 */
export async function planReset(admin: Admin, request: ResetRequest): Promise<ResetStep[]> {
  const logs = await partitionLogs(admin, request.topic);
  const missing = request.partitions?.find((partition) => !logs.some((log) => log.partition === partition));
  if (missing !== undefined) {
    throw new Failure(EXIT.usage, `${request.topic} has no partition ${missing}, it has 0-${logs.length - 1}`);
  }
  const chosen = logs.filter(({ partition }) => request.partitions?.includes(partition) ?? true);
  refuseEpoch(request.target, chosen);
  const committed = await committedOffsets(admin, request);
  const asked = await targetOffsets(admin, request, chosen);
  return chosen.map((log) => resetStep(log, committed.get(log.partition), asked.get(log.partition)!));
}

/** As an offset it would move to the log's end and skip everything before. */
function refuseEpoch(target: ResetTarget, logs: readonly PartitionLog[]): void {
  if (target.kind !== "offset" || logs.some(({ high }) => target.offset <= high)) return;
  const time = epochTime(target.offset);
  if (time === undefined) return;
  throw new Failure(
    EXIT.usage,
    `${target.offset} looks like a time: use --reset-to ${instant(time)} (as an offset it is beyond the log's end)`,
  );
}

async function targetOffsets(
  admin: Admin,
  { topic, target }: ResetRequest,
  logs: readonly PartitionLog[],
): Promise<Map<number, number>> {
  switch (target.kind) {
    case "earliest":
      return new Map(logs.map(({ partition, low }) => [partition, low]));
    case "latest":
      return new Map(logs.map(({ partition, high }) => [partition, high]));
    case "offset":
      return new Map(logs.map(({ partition }) => [partition, target.offset]));
    case "time": {
      // For a time after the last record kafkajs returns either -1 or the log's end; both mean the end.
      const found = await admin.fetchTopicOffsetsByTimestamp(topic, target.time);
      const byTime = new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
      return new Map(logs.map(({ partition, high }) => {
        const offset = byTime.get(partition) ?? -1;
        return [partition, offset < 0 ? high : offset];
      }));
    }
  }
}
