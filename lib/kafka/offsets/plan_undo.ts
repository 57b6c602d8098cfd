import type { Admin, Kafka } from "kafkajs";
import { EXIT, Failure } from "../../errors.ts";
import { type OffsetChange, type OffsetPlace, type OffsetStore, readsOnAt } from "../../offset_changes.ts";
import { intoLog, type LogBounds, resetStep } from "../../reset_target.ts";
import type { GroupTopic } from "../consume/group_topic.ts";
import { logBounds } from "./log_bounds.ts";
import { offsetPlaces } from "./offset_places.ts";
import { changeOf, type OffsetPlan, refuseOutside } from "./plan_reset.ts";

/** What to undo. */
export interface UndoRequest extends GroupTopic {
  /** The number of the change; the last one of the group if it is missing. */
  id?: number;
  strict?: boolean;
  /** Whether the store goes with the group now; a store that another group consumes into by now stays where it is. */
  withStore: boolean;
}

/**
 * What taking back a change of offsets would do now: its partitions go where they were before it. That is a change, too,
 * so that undoing it again is a redo.
 *
 * Throws a {@linkcode Failure} (64) where there is no such change, or where its offsets mean other records by now.
 */
export async function planUndo(
  kafka: Kafka,
  admin: Admin,
  store: OffsetStore,
  request: UndoRequest,
): Promise<OffsetPlan> {
  const change = pick(await store.changes(), request);
  const { id } = change;
  const withStore = change.withStore && request.withStore;
  if (change.topicId !== undefined && request.topicId !== undefined && change.topicId !== request.topicId) {
    throw new Failure(
      EXIT.usage,
      `Change ${id} was made before ${change.topic} was created anew: its offsets mean other records`,
    );
  }
  const logs = await logBounds(kafka, admin, request.topic);
  const chosen = logs.filter(({ partition }) => change.partitions.some((at) => at.partition === partition));
  const now = await offsetPlaces(admin, request, withStore ? store : undefined);
  const partitions = chosen.map((log) => {
    const { partition, before } = change.partitions.find((at) => at.partition === log.partition)!;
    const wanted = withStore ? before : { ...before, position: undefined };
    return { log, wanted, partition, before: now.get(partition) ?? {}, after: placeIn(log, wanted) };
  });
  const steps = partitions.map(({ log, wanted, before }) => resetStep(log, readsOnAt(before), readsOnAt(wanted)));
  if (request.strict) refuseOutside(request.topic, chosen, steps);
  const places = partitions.map(({ partition, before, after }) => ({ partition, before, after }));
  return { steps, change: changeOf({ ...request, to: `undo of ${id}`, withStore }, places) };
}

function pick(changes: readonly OffsetChange[], { group, topic, id }: UndoRequest): OffsetChange {
  const ours = changes.filter((change) => change.group === group && change.topic === topic && change.done);
  const found = id === undefined ? ours.at(-1) : ours.find((change) => change.id === id);
  if (found !== undefined) return found;
  const what = id === undefined ? "no change" : `no change ${id}`;
  throw new Failure(
    EXIT.usage,
    `There is ${what} of the group ${group} in ${topic} to undo (deno task offsets history)`,
  );
}

/** The place, within the log that may have moved on since. */
function placeIn(log: LogBounds, { committed, position, metadata }: OffsetPlace): OffsetPlace {
  return {
    ...(committed === undefined ? {} : { committed: intoLog(log, committed) }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(position === undefined ? {} : { position: intoLog(log, position) }),
  };
}
