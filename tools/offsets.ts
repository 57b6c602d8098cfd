import { object, or } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { command, constant, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import { main } from "../lib/cli/main.ts";
import { parseOffsetsFile } from "../lib/cli/offsets_file.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { partitionsSetting, type ResetSetting, resetTargetSetting } from "../lib/cli/reset_flags.ts";
import { groupFlag, groupSetting, kafkaFlags, kafkaSettings } from "../lib/cli/settings.ts";
import { warn } from "../lib/cli/warn.ts";
import { counted } from "../lib/counted.ts";
import { EXIT, Failure, messageOf } from "../lib/errors.ts";
import { planReset } from "../lib/kafka/offsets/plan_reset.ts";
import { planUndo } from "../lib/kafka/offsets/plan_undo.ts";
import { RESET_TARGETS } from "../lib/reset_target.ts";
import { changeWithPreview } from "./offsets/change.ts";
import { showHistory } from "./offsets/history.ts";
import type { OffsetsSession, OffsetsSetting } from "./offsets/offsets_session.ts";
import { showOffsets } from "./offsets/show.ts";
import { storeFlags, storeSetting } from "./open_store.ts";

/** The name of a file that stands for what is piped in. */
const STDIN = "-";

const json = option("--json", { description: line("Print JSON") });
const groupFlags = { ...kafkaFlags, ...groupFlag, ...storeFlags };
const changeFlags = {
  dryRun: option("--dry-run", { description: line("Only show what would happen") }),
  yes: option("--yes", { description: line("Do not ask") }),
  strict: option("--strict", { description: line("Refuse an offset outside of the log, in place of the log's end") }),
  wait: option("--wait", { description: line("Wait for the group's members to stop, 90 s at most") }),
  json,
  ...groupFlags,
};

const parser = or(
  command(
    "show",
    object({
      action: constant("show"),
      csv: option("--csv", { description: line("Print topic,partition,offset, as kafka-consumer-groups takes it") }),
      json,
      ...groupFlags,
    }),
    { description: line("Show where a group is: committed, lag, time waited, owner") },
  ),
  command(
    "reset",
    object({
      action: constant("reset"),
      to: optional(option("--to", string({ metavar: "WHERE" }), { description: line(RESET_TARGETS) })),
      fromFile: optional(option("--from-file", string({ metavar: "FILE" }), {
        description: line("Offsets from a file (- for stdin): CSV of kafka-consumer-groups, or JSON of show"),
      })),
      partitions: optional(option("--partitions", string({ metavar: "0,2" }), {
        description: line("Only these partitions"),
      })),
      ...changeFlags,
    }),
    { description: line("Move a group, after a look at what that means") },
  ),
  command(
    "undo",
    object({
      action: constant("undo"),
      id: optional(option("--change", integer({ metavar: "N", min: 1 }), {
        description: line("This change (history), in place of the last one"),
      })),
      ...changeFlags,
    }),
    { description: line("Take a change back; undone again, it is redone") },
  ),
  command("history", object({ action: constant("history"), json, ...storeFlags }), {
    description: line("List the changes that can be taken back"),
  }),
  { errors: { noMatch: line("Say what to do: show, reset, undo or history.") } },
);

/**
 * Shows where a consumer group is, moves it, and takes that back.
 *
 * Permissions: net; those of `withStore`; env as kafkajs and the settings need; read of the file given.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<void> {
  const options = parseArgs(parser, args, {
    name: "offsets",
    brief: "Shows where a consumer group is in a topic, moves it, and takes that back; for groups of any program.",
    examples: [
      "deno task offsets show",
      "deno task offsets reset --to earliest --dry-run",
      "deno task offsets reset --to 15m --partitions 0,2 --yes",
      "deno task offsets reset --to -10 --yes --wait",
      "deno task offsets history",
      "deno task offsets undo --yes",
      "deno task offsets show --csv | deno task offsets reset --from-file - --yes",
    ],
  });
  if (options.action === "history") return await showHistory({ ...options, store: storeSetting(options) }, stop);
  const group = groupSetting(options);
  const setting: OffsetsSetting = { ...kafkaSettings(options), group, store: storeSetting(options) };
  if (options.action === "show") return await showOffsets({ ...setting, json: options.json, csv: options.csv });
  const { strict, dryRun, yes, wait, json } = options;
  const how = { ...setting, dryRun, yes, wait, json };
  if (options.action === "undo") {
    const { id } = options;
    const plan = ({ kafka, admin, at, store, ownOffsets }: OffsetsSession) =>
      planUndo(kafka, admin, store.offsets, { ...at, id, strict, withStore: ownOffsets !== undefined });
    return await changeWithPreview(how, plan, stop);
  }
  const reset = await resetSetting(options, setting);
  await changeWithPreview(how, async ({ kafka, admin, at, store, ownOffsets }) => {
    const request = { ...at, ...reset, strict, withStore: ownOffsets !== undefined };
    return { ...await planReset(kafka, admin, store.offsets, request), target: reset.target };
  }, stop);
}

interface ResetFlags {
  to?: string;
  fromFile?: string;
  partitions?: string;
}

async function resetSetting(flags: ResetFlags, { group, topic }: OffsetsSetting): Promise<ResetSetting> {
  const { to, fromFile } = flags;
  if ((to === undefined) === (fromFile === undefined)) {
    throw new Failure(EXIT.usage, "Say where to: either --to or --from-file");
  }
  const partitions = partitionsSetting(flags.partitions);
  if (to !== undefined) return { ...resetTargetSetting("--to", to, Date.now()), partitions };
  const name = fromFile === STDIN ? "stdin" : fromFile!;
  const { offsets, others } = parseOffsetsFile(await textOf(fromFile!), { name, group, topic });
  if (others > 0) warn(`${counted(others, "line")} of ${name} left out: about other topics or groups`);
  return { target: { kind: "offsets", offsets }, to: name, partitions };
}

async function textOf(file: string): Promise<string> {
  if (file === STDIN) return await new Response(Deno.stdin.readable).text();
  try {
    return Deno.readTextFileSync(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      throw new Failure(EXIT.config, `This task may not read ${file}: pipe it in, --from-file - < ${file}`, { cause });
    }
    throw new Failure(EXIT.config, `Cannot read ${file}: ${messageOf(cause)} (--from-file)`, { cause });
  }
}

if (import.meta.main) await main(run);
