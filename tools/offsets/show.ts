import { counted } from "../../lib/counted.ts";
import { escapeControls } from "../../lib/cli/escape.ts";
import { printJson } from "../../lib/cli/json_lines.ts";
import { print } from "../../lib/cli/print.ts";
import { table } from "../../lib/cli/table.ts";
import { type GroupView, type PartitionView, viewGroup } from "../../lib/kafka/offsets/group_view.ts";
import { readsOnAt } from "../../lib/offset_changes.ts";
import { type OffsetsSetting, withOffsets } from "./offsets_session.ts";

export interface ShowSetting extends OffsetsSetting {
  json: boolean;
  csv: boolean;
}

/** Shows where a group is, in each partition and in all. Permissions: net; those of `withStore`. */
export async function showOffsets(config: ShowSetting): Promise<void> {
  const { group, topic, json, csv } = config;
  await withOffsets(config, async ({ kafka, admin, at, ownOffsets }) => {
    const view = await viewGroup(kafka, admin, at, ownOffsets);
    if (json) return printJson({ group, topic, ...viewJson(view) });
    if (csv) {
      for (const at of view.partitions) {
        const next = readsOnAt(at);
        if (next !== undefined) print(`${topic},${at.partition},${next}`);
      }
      return;
    }
    print(`${partitionTable(view)}\n\n${escapeControls(summary(config, view))}`);
  });
}

function partitionTable({ partitions }: GroupView): string {
  const hasPositions = partitions.some(({ position }) => position !== undefined);
  const columns = [
    "partition",
    "committed",
    ...(hasPositions ? ["store"] : []),
    "start",
    "end",
    "lag",
    "waiting",
    "owner",
  ];
  return table(
    columns,
    partitions.map((at) => [
      at.partition,
      at.committed ?? "none",
      ...(hasPositions ? [at.position ?? "none"] : []),
      at.start,
      at.end,
      at.lag,
      waiting(at),
      at.owner === undefined ? "" : `${at.owner.clientId || at.owner.memberId} at ${at.owner.host}`,
    ]),
  );
}

function summary({ group, topic }: ShowSetting, { state, members, partitions }: GroupView): string {
  const lag = lagOf(partitions);
  const oldest = oldestOf(partitions);
  const behind = lag === 0 ? "has read all" : `${lag} to read`;
  const since = oldest === undefined || oldest === 0 ? "" : `, the oldest written ${duration(oldest)} ago`;
  const known = state === "Dead" ? "Kafka knows no such group" : `${state}, ${counted(members.length, "member")}`;
  return `${group} in ${topic}: ${behind}${since} (${known})`;
}

function waiting({ lag, lagMs }: PartitionView): string {
  if (lag === 0) return "";
  return lagMs === undefined ? "?" : duration(lagMs);
}

function lagOf(partitions: readonly PartitionView[]): number {
  return partitions.reduce((sum, { lag }) => sum + lag, 0);
}

function oldestOf(partitions: readonly PartitionView[]): number | undefined {
  const known = partitions.flatMap(({ lagMs }) => lagMs ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Two units at most: `3 d 4 h`, `12 s`. */
function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const units = {
    d: Math.floor(seconds / 86_400),
    h: Math.floor(seconds / 3_600) % 24,
    min: Math.floor(seconds / 60) % 60,
  };
  const parts = Object.entries({ ...units, s: seconds % 60 });
  const first = parts.findIndex(([, count]) => count > 0);
  if (first < 0) return "0 s";
  return parts.slice(first, first + 2).filter(([, count]) => count > 0).map(([unit, count]) => `${count} ${unit}`).join(
    " ",
  );
}

function viewJson({ state, members, partitions }: GroupView) {
  return {
    state,
    members: members.map(({ memberId, clientId, host, partitions }) => ({
      member_id: memberId,
      client_id: clientId,
      host,
      partitions,
    })),
    partitions: partitions.map(({ partition, committed, position, start, end, lag, lagMs, owner }) => ({
      partition,
      committed: committed ?? null,
      store: position ?? null,
      start,
      end,
      lag,
      lag_ms: lagMs ?? null,
      owner: owner?.memberId ?? null,
    })),
    lag: lagOf(partitions),
    lag_ms: oldestOf(partitions) ?? null,
  };
}
