import { printJsonLines } from "../../lib/cli/json_lines.ts";
import { print } from "../../lib/cli/print.ts";
import { printTable } from "../../lib/cli/table.ts";
import { type OffsetChange, readsOnAt } from "../../lib/offset_changes.ts";
import { instant } from "../../lib/reset_target.ts";
import { type StoreSetting, withStore } from "../open_store.ts";

/** Lists the changes of offsets that the store has noted, of all groups. Permissions: those of `withStore`. */
export async function showHistory(
  { store: setting, json }: { store: StoreSetting; json: boolean },
  stop: AbortSignal,
): Promise<void> {
  const changes = await withStore(setting, (store) => store.offsets.changes());
  if (json) return await printJsonLines(changes.map(changeJson), stop);
  if (changes.length === 0) return print("No offsets have been changed");
  const rows = changes.map((change) => [
    change.id,
    instant(change.madeAt),
    change.group,
    change.topic,
    change.to,
    movesOf(change),
    change.done ? "" : "interrupted: the next reset, undo or start of a consumer ends it",
  ]);
  await printTable(["change", "made at", "group", "topic", "to", "partitions", ""], rows, { things: "changes", stop });
}

function movesOf({ partitions }: OffsetChange): string {
  const at = (place: OffsetChange["partitions"][number]["before"]) => readsOnAt(place) ?? "none";
  return partitions.map(({ partition, before, after }) => `${partition}: ${at(before)} -> ${at(after)}`).join(", ");
}

function changeJson({ id, madeAt, group, topic, to, withStore, done, partitions }: OffsetChange) {
  const place = ({ committed, position }: OffsetChange["partitions"][number]["before"]) => ({
    committed: committed ?? null,
    store: position ?? null,
  });
  return {
    change: id,
    made_at: instant(madeAt),
    group,
    topic,
    to,
    with_store: withStore,
    done,
    partitions: partitions.map(({ partition, before, after }) => ({
      partition,
      before: place(before),
      after: place(after),
    })),
  };
}
