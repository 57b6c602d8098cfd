import { once } from "node:events";
import { object } from "@optique/core/constructs";
import { withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { integer } from "@optique/core/valueparser";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import { groupFlag, groupSetting, kafkaFlags, type KafkaSettings, kafkaSettings } from "../lib/cli/settings.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { openFeed } from "./dashboard/feed/open_feed.ts";
import { ASSETS } from "./dashboard/page/assets.ts";
import { Play, type PlaySettings } from "./dashboard/play/play.ts";
import { serve } from "./dashboard/server/serve.ts";
import { storeFlags, type StoreSetting, storeSetting } from "./open_store.ts";

const USUAL_PORT = 8088;
const MAX_PORT = 65_535;

const parser = object({
  port: withDefault(
    option("--port", integer({ min: 0, max: MAX_PORT, metavar: "PORT" }), {
      description: line("Port of the page on 127.0.0.1; 0: a free one"),
    }),
    USUAL_PORT,
  ),
  play: option("--play", {
    description: line("Add buttons that run commands: send orders, start and kill consumers, and so on"),
  }),
  ...kafkaFlags,
  ...groupFlag,
  ...storeFlags,
});

export interface DashboardConfig extends KafkaSettings {
  group: string;
  store: StoreSetting;
  port: number;
  play: boolean;
  /** The flags it was given, for the commands that the page runs. */
  flags: PlaySettings["flags"];
}

/**
 * Shows the pipeline on a page of this machine until `stop`. It only reads Kafka and the store, whatever is away.
 *
 * Permissions: net; those of `withStore`, read only; env as kafkajs and the settings need; with `play`, run deno.
 */
export async function run(config: DashboardConfig, stop: AbortSignal): Promise<void> {
  const { store: { storage }, flags } = config;
  if (config.play) requireRun();
  const feed = await openFeed(config);
  try {
    await using play = config.play ? new Play({ feed, storage, flags }) : undefined;
    await using server = serve(config.port, { feed, play, assets: ASSETS });
    print(`Dashboard on ${server.address}`);
    if (!stop.aborted) await once(stop, "abort");
  } finally {
    await feed.close();
  }
}

export function configure(args: readonly string[]): DashboardConfig {
  const options = parseArgs(parser, args, {
    name: "dashboard",
    brief: "Shows on a page of this machine how orders move: lag, verdicts, stock, members, dead letters.",
    examples: ["deno task dashboard", "deno task dashboard --port 0", "deno task dashboard --play"],
  });
  const { port, play } = options;
  return {
    ...kafkaSettings(options),
    group: groupSetting(options),
    store: storeSetting(options),
    port,
    play,
    flags: flagsOf(options),
  };
}

type Given = Record<"brokers" | "registry" | "topic" | "group" | "storage" | "database", string | undefined> & {
  allowPlaintextCredentials: boolean;
};

function flagsOf({ allowPlaintextCredentials, ...given }: Given): DashboardConfig["flags"] {
  const flags = (...names: (keyof typeof given)[]) =>
    names.flatMap((name) => given[name] === undefined ? [] : [`--${name}`, given[name]]);
  const plaintext = allowPlaintextCredentials ? ["--allow-plaintext-credentials"] : [];
  return {
    store: flags("storage", "database"),
    kafka: [...flags("brokers", "registry", "topic"), ...plaintext],
    group: flags("group"),
  };
}

/** The task may run Deno because of `--play`; without that flag the right is given up before anything else happens. */
export function giveUpRun(args: readonly string[]): void {
  if (!args.includes("--play")) Deno.permissions.revokeSync({ name: "run" });
}

function requireRun(): void {
  const { state } = Deno.permissions.querySync({ name: "run", command: Deno.execPath() });
  if (state === "granted") return;
  throw new Failure(
    EXIT.failed,
    "--play runs commands, which this program may not: start the dashboard by its task in a checkout",
  );
}

if (import.meta.main) {
  giveUpRun(Deno.args);
  await main((args, stop) => run(configure(args), stop));
}
