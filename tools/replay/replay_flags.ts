import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { didYouMean } from "../../lib/cli/did_you_mean.ts";
import { aboveZero, paceFlags, paceSetting } from "../../lib/cli/pace_flags.ts";
import { line, parseArgs } from "../../lib/cli/parse.ts";
import { type KafkaSettings, ordersFlags, ordersSettings } from "../../lib/cli/settings.ts";
import { asCalled } from "../../lib/cli/program.ts";
import { shellWord } from "../../lib/shell_word.ts";
import { flagsOf, type FlagValue, sliceFlags, sliceSetting, sliceValues } from "../../lib/cli/slice_flags.ts";
import { RETRYABLE_REASONS } from "../../lib/decide_order.ts";
import { parseAge } from "../../lib/reset_target.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import type { PaceSetting } from "../../lib/pace.ts";
import { isUuid } from "../../lib/replay_ids.ts";
import type { Slice, SliceFilter } from "../../lib/slice.ts";
import { storeFlags, type StoreSetting, storeSetting } from "../open_store.ts";

/** What is sent again. */
export type ReplaySource =
  /** The accepted orders, as new ones or under their own ids; with or without those that are replays themselves. */
  | { of: "accepted"; sameId: boolean; originals: boolean; filter: SliceFilter }
  /** A redrive: rejected orders or dead letters, under their own ids. */
  | { of: "rejected" | "dlq"; filter: SliceFilter };

export interface ReplayConfig extends KafkaSettings {
  source: ReplaySource;
  store: StoreSetting;
  pace: PaceSetting;
  /** A UUID: new ids are derived from it, and a resumed run recognises by it what it has sent. */
  run: string;
  /** Whether the run was begun earlier. */
  resumed: boolean;
  /** Print what would be sent instead of sending it. */
  dryRun: boolean;
  json: boolean;
  verbose: boolean;
  /** The flags of pace and connection as given. */
  given: Readonly<Record<string, FlagValue>>;
}

const USUAL_DELAY_S = 0;

const parser = object({
  ...paceFlags(USUAL_DELAY_S),
  speed: optional(option("--speed", aboveZero("TIMES"), {
    description: line("The gaps between the orders as they were created, at so many times their speed"),
  })),
  maxGap: optional(option("--max-gap", string({ metavar: "TIME" }), {
    description: line("With --speed: wait no longer than this between two orders, such as 2s or 1m"),
  })),
  sameId: option("--same-id", {
    description: line("Keep ids and times: changes nothing in a storage that has the orders, rebuilds an empty one"),
  }),
  originals: option("--originals", { description: line("Leave out orders that are replays themselves") }),
  rejected: option("--rejected", {
    description: line(
      "The rejected orders instead, under their own ids: to be judged again after users or stock changed",
    ),
  }),
  dlq: option("--dlq", {
    description: line("The dead letters instead, unchanged, back into the partitions they came from"),
  }),
  ...sliceFlags,
  user: optional(
    option("--user", string({ metavar: "NAME" }), { description: line("Only orders of this user") }),
  ),
  item: optional(
    option("--item", string({ metavar: "NAME" }), { description: line("Only orders of this item") }),
  ),
  run: optional(option("--run", string({ metavar: "ID" }), {
    description: line("Resume the run that printed this ID, without placing an order twice"),
  })),
  dryRun: option("--dry-run", { description: line("Print what would be sent as JSON lines; orders need no broker") }),
  json: option("--json", { description: line("Print the summary as JSON") }),
  verbose: option("--verbose", { description: line("Show every order at any pace") }),
  ...ordersFlags,
  ...storeFlags,
});

type Options = ReturnType<typeof parse>;

/** Parses the arguments of `deno task replay`; throws a `Failure` (64) if they contradict each other. */
export function configure(args: readonly string[]): ReplayConfig {
  const options = parse(args);
  if (options.run !== undefined && !isUuid(options.run)) {
    throw new Failure(EXIT.usage, `--run must be the UUID that an earlier replay printed, got "${options.run}"`);
  }
  const { brokers, registry, topic, database, yes, dryRun, json, verbose, delay, rate, speed, maxGap } = options;
  const allowed = { "allow-plaintext-credentials": options.allowPlaintextCredentials };
  return {
    ...ordersSettings(options),
    source: sourceSetting(options),
    store: storeSetting(options),
    pace: replayPace(options),
    run: options.run ?? crypto.randomUUID(),
    resumed: options.run !== undefined,
    dryRun,
    json,
    verbose,
    given: { delay, rate, speed, "max-gap": maxGap, brokers, registry, topic, database, yes, ...allowed },
  };
}

function parse(args: readonly string[]) {
  return parseArgs(parser, args, {
    name: "replay",
    brief:
      "Sends the accepted orders of the log to Kafka again, as new orders; or redrives rejected orders or dead letters.",
    examples: [
      "deno task replay --delay 0.5",
      "deno task replay --originals --rate 100",
      "deno task replay --speed 10 --max-gap 2s --since 1h",
      "deno task replay --user alice --item pen --from 10 --to 21 --dry-run",
      "STORAGE_DIR=restored-copy deno task replay --same-id",
      "deno task replay --rejected --reason unpaid-user --user bob",
      "deno task replay --rejected --since 1h --dry-run",
      'deno task replay --dlq --reason "schema id" --limit 100',
    ],
  });
}

function replayPace(options: Options): PaceSetting {
  const { speed, maxGap, delay, rate, dlq } = options;
  if (speed === undefined) {
    refuse({ "max-gap": maxGap }, "bounds the gaps of --speed: give both");
    return paceSetting(options, USUAL_DELAY_S);
  }
  refuse({ delay, rate }, "and --speed both set the pace: give one of them");
  refuse({ dlq }, "sends what says nothing of when it was created: give --delay or --rate in place of --speed");
  const gapMs = maxGap === undefined ? Infinity : parseAge(maxGap);
  if (gapMs !== undefined) return { speed, maxGap: gapMs / 1_000 };
  throw new Failure(EXIT.usage, `--max-gap must be a time such as 2s or 1m, got "${maxGap}"`);
}

function sourceSetting(options: Options): ReplaySource {
  const { sameId, originals, rejected, dlq, user, item, reason, since, until, from, to, limit } = options;
  const orders = { user, item };
  const slice = { reason, since, until, from, to, limit };
  if (rejected && dlq) throw new Failure(EXIT.usage, "--rejected and --dlq send different things: give one of them");
  if (!rejected && !dlq) {
    refuse({ reason }, "goes with --rejected or --dlq");
    if (sameId) refuse({ run: options.run }, "makes new ids and --same-id keeps the old ones: give one of them");
    return { of: "accepted", sameId, originals, filter: sliceSetting({ ...slice, ...orders }, Date.now()) };
  }
  refuse({ "same-id": sameId, originals }, "is for accepted orders; these keep their ids anyway");
  if (dlq) {
    refuse(orders, "is for orders: a dead letter has no user and no item");
    return { of: "dlq", filter: sliceSetting(slice, Date.now()) };
  }
  if (reason !== undefined && !RETRYABLE_REASONS.includes(reason)) {
    const known = RETRYABLE_REASONS.join(", ");
    throw new Failure(
      EXIT.usage,
      `--reason must be one that a change to users or stock can help (${known}), got "${reason}"${
        didYouMean(reason, RETRYABLE_REASONS)
      }`,
    );
  }
  return { of: "rejected", filter: sliceSetting({ ...slice, ...orders }, Date.now()) };
}

/** Throws if any of these flags is given. */
function refuse(flags: Record<string, FlagValue>, why: string): void {
  const given = Object.entries(flags).find(([, value]) => value !== undefined && value !== false);
  if (given !== undefined) throw new Failure(EXIT.usage, `--${given[0]} ${why}`);
}

/** The flags that send the rest of `slice`, later too: its run and its end are fixed. */
export function resumeFlags({ source, run, given }: ReplayConfig, { to, until }: Slice<unknown>): string {
  const what = source.of === "accepted"
    ? { "same-id": source.sameId, run: source.sameId ? undefined : run, originals: source.originals }
    : { [source.of]: true, run };
  return flagsOf({
    ...what,
    ...sliceValues({ ...source.filter, to, ...(until === undefined ? {} : { until }) }),
    ...given,
  });
}

/** The command that sends the rest of a slice, by its {@linkcode resumeFlags}. A task is granted STORAGE_DIR, not --storage. */
export function resumeCommand({ source, store: { storage, database } }: ReplayConfig, flags: string): string {
  // Dead letters are in no folder. A DATABASE_URL is not repeated, for it may hold a password.
  const isUsual = storage === "storage" || source.of === "dlq" || database !== undefined;
  return asCalled(`${isUsual ? "" : `STORAGE_DIR=${shellWord(storage)} `}deno task replay ${flags}`);
}
