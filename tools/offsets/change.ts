import { escapeControls } from "../../lib/cli/escape.ts";
import { confirm } from "../../lib/cli/confirm.ts";
import { counted } from "../../lib/counted.ts";
import { printJson } from "../../lib/cli/json_lines.ts";
import { print, printError } from "../../lib/cli/print.ts";
import { kindsOf, resetPreview, resetSummary } from "../../lib/cli/reset_preview.ts";
import { groupSetting, topicSetting } from "../../lib/cli/settings.ts";
import { warnOfSettled } from "../../lib/cli/settled_changes.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { namesOf } from "../../lib/kafka/consume/group_offsets.ts";
import { changeOffsets } from "../../lib/kafka/offsets/change_offsets.ts";
import type { OffsetPlan } from "../../lib/kafka/offsets/plan_reset.ts";
import { recordTimes } from "../../lib/kafka/offsets/record_times.ts";
import { requireIdle, waitUntilIdle } from "../../lib/kafka/offsets/require_idle.ts";
import { settleChanges } from "../../lib/kafka/offsets/settle_changes.ts";
import type { KnownVerdicts } from "../../lib/offset_changes.ts";
import { instant, type ResetTarget } from "../../lib/reset_target.ts";
import { asCalled } from "../../lib/cli/program.ts";
import { shellWord } from "../../lib/shell_word.ts";
import { type OffsetsSession, type OffsetsSetting, withOffsets } from "./offsets_session.ts";

/** How often a countdown says something where there is no terminal, in seconds. */
const TELL_EVERY_S = 10;

/** How a change of offsets is made. */
export interface ChangeSetting extends OffsetsSetting {
  yes: boolean;
  dryRun: boolean;
  wait: boolean;
  json: boolean;
}

/** What a person is shown before a change. */
interface Preview extends OffsetPlan {
  target?: ResetTarget;
  times: ReadonlyMap<number, number>;
  /** Missing for a group of another program, of which the store knows nothing. */
  verdicts?: ReadonlyMap<number, KnownVerdicts>;
}

/**
 * Shows what `plan` comes to and makes the change, once a person or `--yes` has agreed. Permissions: net; those of
 * `withStore`.
 */
export async function changeWithPreview(
  config: ChangeSetting,
  plan: (session: OffsetsSession) => Promise<OffsetPlan & { target?: ResetTarget }>,
  stop: AbortSignal,
): Promise<void> {
  const { json, dryRun, yes } = config;
  if (json && !dryRun && !yes) throw new Failure(EXIT.usage, "With --json nobody is asked: add --yes or --dry-run");
  await withOffsets(config, async (session) => {
    const { kafka, admin, at, store } = session;
    if (!dryRun) await becomeIdle(session, config, stop);
    const preview = await look(session, await plan(session));
    if (!json) print(previewText(session, preview));
    if (!dryRun) await requireYes(config, preview);
    stop.throwIfAborted();
    const isMove = preview.change.partitions.some(({ before, after }) =>
      before.committed !== after.committed || before.position !== after.position
    );
    const made = dryRun || !isMove ? undefined : await changeOffsets(kafka, admin, store.offsets, preview.change);
    if (json) return printJson(previewJson(session, preview, made?.id));
    if (dryRun) return print("Nothing was changed (--dry-run)");
    if (made === undefined) return print("Nothing to change");
    print(escapeControls(`Moved ${at.group} in ${at.topic}: change ${made.id}`) + asCalled(undoHint(config)));
  });
}

async function becomeIdle(
  { kafka, admin, at, store, ownOffsets }: OffsetsSession,
  { wait, group }: ChangeSetting,
  stop: AbortSignal,
): Promise<void> {
  const idle = { group, store: ownOffsets };
  if (wait) await waitUntilIdle(kafka, admin, idle, { tell: countdown(group), stop });
  else await requireIdle(kafka, admin, idle);
  warnOfSettled(await settleChanges(kafka, admin, store.offsets, at));
}

function countdown(group: string): Parameters<typeof waitUntilIdle>[3]["tell"] {
  let toldAt = Infinity;
  return (members, secondsLeft) => {
    if (secondsLeft > toldAt - (Deno.stderr.isTerminal() ? 1 : TELL_EVERY_S)) return;
    toldAt = secondsLeft;
    const whom = members.length === 0 ? "the owner of its storage" : namesOf(members);
    printError(escapeControls(`Waiting for ${group} to stop, ${secondsLeft} s at most: ${whom}`));
  };
}

async function look(session: OffsetsSession, plan: OffsetPlan & { target?: ResetTarget }): Promise<Preview> {
  const { kafka, admin, at, store, ownOffsets } = session;
  const starts = plan.steps.flatMap(({ partition, to }) => to === undefined ? [] : [[partition, to] as const]);
  const ranges = new Map(plan.steps.map(({ partition, range }) => [partition, range]));
  return {
    ...plan,
    times: await recordTimes(kafka, admin, at.topic, new Map(starts)),
    verdicts: ownOffsets && await store.verdictsIn(at.topic, ranges),
  };
}

function previewText({ at, store, ownOffsets }: OffsetsSession, { steps, target, times, verdicts }: Preview): string {
  const where = ownOffsets === undefined
    ? `Kafka's offsets only: ${at.group} does not consume into ${store.place}`
    : `Kafka's offsets, and the store's in ${store.place}`;
  const text = resetPreview({ topic: at.topic, target, steps, times, verdicts });
  const summary = `${at.group}: ${resetSummary(steps, verdicts)}`;
  return `${text}\n\n${escapeControls(summary)}\n${escapeControls(where)}`;
}

async function requireYes({ yes, group }: ChangeSetting, { steps }: Preview): Promise<void> {
  if (yes || await confirm(escapeControls(`Move ${group} in ${counted(steps.length, "partition")}?`))) return;
  throw new Failure(EXIT.usage, "Nothing was changed: it needs a yes, answer the question or pass --yes");
}

/** The command that takes the change back, with the group and topic where they were flags. */
function undoHint({ group, topic }: ChangeSetting): string {
  const flags = [["--group", group, groupSetting({ group: undefined })], [
    "--topic",
    topic,
    topicSetting({ topic: undefined }),
  ]]
    .filter(([, given, set]) => given !== set).map(([flag, given]) => ` ${flag} ${shellWord(given)}`);
  return `; deno task offsets undo${flags.join("")} takes it back`;
}

function previewJson({ at, store, ownOffsets }: OffsetsSession, preview: Preview, id: number | undefined) {
  const { steps, times, verdicts, change } = preview;
  return {
    group: at.group,
    topic: at.topic,
    store: ownOffsets === undefined ? null : store.place,
    to: change.to,
    change: id ?? null,
    partitions: steps.map(({ partition, from, to, again, clampedFrom }) => {
      const time = times.get(partition);
      const known = verdicts?.get(partition);
      const kinds = known && kindsOf(Math.abs(again), known);
      return {
        partition,
        from: from ?? null,
        to: to ?? null,
        again,
        record_written: time === undefined ? null : instant(time),
        ...(clampedFrom === undefined ? {} : { clamped_from: clampedFrom }),
        ...(kinds && {
          already_settled: kinds.settled,
          rejected_before: kinds.rejected,
          without_an_order: kinds.others,
          never_judged: kinds.fresh,
        }),
      };
    }),
  };
}
