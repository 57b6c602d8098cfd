import type { Admin, Kafka } from "kafkajs";
import { EXIT, Failure } from "../../errors.ts";
import { type NewChange, type OffsetPlace, type OffsetStore, readsOnAt } from "../../offset_changes.ts";
import { epochTime, instant, type LogBounds, type ResetStep, resetStep, type ResetTarget } from "../../reset_target.ts";
import type { GroupTopic } from "../consume/group_topic.ts";
import { logBounds } from "./log_bounds.ts";
import { offsetPlaces } from "./offset_places.ts";

/** What to reset; all partitions if none are named. */
export interface ResetRequest extends GroupTopic {
  target: ResetTarget;
  /** The target in the words of the person who gave it. */
  to: string;
  partitions?: readonly number[];
  /** Refuse what is outside of the log, instead of moving it to the log's end. */
  strict?: boolean;
  /** The store goes with the group. */
  withStore: boolean;
}

/** A change of offsets that is worked out and not made. */
export interface OffsetPlan {
  change: NewChange;
  steps: ResetStep[];
}

/**
 * What a reset would do to each partition now. Throws a {@linkcode Failure} (64) for a partition that does not exist,
 * for an offset that can only be meant as a time, and for a shift of what is nowhere.
 */
export async function planReset(
  kafka: Kafka,
  admin: Admin,
  store: OffsetStore,
  request: ResetRequest,
): Promise<OffsetPlan> {
  const { target, strict = false, withStore } = request;
  const logs = await logBounds(kafka, admin, request.topic);
  const chosen = choose(logs, request);
  refuseEpoch(target, chosen);
  const places = await offsetPlaces(admin, request, withStore ? store : undefined);
  const asked = await askedOffsets(admin, request, { logs: chosen, places });
  const steps = chosen.map((log) =>
    resetStep(log, readsOnAt(places.get(log.partition) ?? {}), asked.get(log.partition)!)
  );
  if (strict) refuseOutside(request.topic, chosen, steps);
  const partitions = steps.map(({ partition, to }) => {
    const before = places.get(partition) ?? {};
    const after = { committed: to, ...(before.position === undefined ? {} : { position: to }) };
    return { partition, before, after };
  });
  return { steps, change: changeOf(request, partitions) };
}

export function changeOf(
  { group, topic, topicId, to, withStore }: GroupTopic & { to: string; withStore: boolean },
  partitions: NewChange["partitions"],
): NewChange {
  return { group, topic, topicId, to, withStore, partitions };
}

function choose(logs: readonly LogBounds[], { topic, target, partitions }: ResetRequest): LogBounds[] {
  if (target.kind === "offsets" && partitions !== undefined) {
    throw new Failure(EXIT.usage, "These offsets name their partitions, so --partitions says it twice: leave it out");
  }
  const wanted = target.kind === "offsets" ? [...target.offsets.keys()] : partitions;
  const missing = wanted?.find((partition) => !logs.some((log) => log.partition === partition));
  if (missing !== undefined) {
    throw new Failure(EXIT.usage, `${topic} has no partition ${missing}, it has 0-${logs.length - 1}`);
  }
  return logs.filter(({ partition }) => wanted?.includes(partition) ?? true);
}

/** As an offset it would move to the log's end and skip everything before. */
function refuseEpoch(target: ResetTarget, logs: readonly LogBounds[]): void {
  if (target.kind !== "offset" || logs.some(({ end }) => target.offset <= end)) return;
  const time = epochTime(target.offset);
  if (time === undefined) return;
  throw new Failure(
    EXIT.usage,
    `${target.offset} looks like a time: use ${instant(time)} (as an offset it is beyond the log's end)`,
  );
}

/** Throws a {@linkcode Failure} (64) for a step that had to be moved into the log. */
export function refuseOutside(topic: string, logs: readonly LogBounds[], steps: readonly ResetStep[]): void {
  const outside = steps.find(({ clampedFrom }) => clampedFrom !== undefined);
  if (outside === undefined) return;
  const { low, end } = logs.find(({ partition }) => partition === outside.partition)!;
  throw new Failure(
    EXIT.usage,
    `Offset ${outside.clampedFrom} is outside of partition ${outside.partition} of ${topic}, which is ${low} to ${end}` +
      ` (--strict)`,
  );
}

async function askedOffsets(
  admin: Admin,
  { topic, target }: ResetRequest,
  { logs, places }: { logs: readonly LogBounds[]; places: ReadonlyMap<number, OffsetPlace> },
): Promise<Map<number, number>> {
  const each = (offsetIn: (log: LogBounds) => number) => new Map(logs.map((log) => [log.partition, offsetIn(log)]));
  const placeOf = ({ partition }: LogBounds) => readsOnAt(places.get(partition) ?? {});
  switch (target.kind) {
    case "earliest":
      return each(({ low }) => low);
    case "latest":
      return each(({ high }) => high);
    case "current":
      return each((log) => placeOf(log) ?? log.high);
    case "offset":
      return each(() => target.offset);
    case "offsets":
      return each(({ partition }) => target.offsets.get(partition)!);
    case "shift":
      return each((log) => (placeOf(log) ?? nowhere(topic, log)) + target.by);
    case "time": {
      // For a time after the last record kafkajs returns either -1 or the log's end; both mean the end.
      const found = await admin.fetchTopicOffsetsByTimestamp(topic, target.time);
      const byTime = new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
      return each(({ partition, high }) => {
        const offset = byTime.get(partition) ?? -1;
        return offset < 0 ? high : offset;
      });
    }
  }
}

function nowhere(topic: string, { partition }: LogBounds): never {
  throw new Failure(
    EXIT.usage,
    `The group has no offset in partition ${partition} of ${topic} to count from: ` +
      `leave that partition out (--partitions), or name an offset`,
  );
}
