import { object } from "@optique/core/constructs";
import { argument } from "@optique/core/primitives";
import { choice } from "@optique/core/valueparser";
import { configure as consume } from "../consumer.ts";
import deno from "../deno.json" with { type: "json" };
import { configure as drill } from "../drill/drill.ts";
import { type CompletedTask, COMPLETIONS, wordsOf } from "../lib/cli/completions.ts";
import { main } from "../lib/cli/main.ts";
import { HelpShown, line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import { configure as produce } from "../producer.ts";
import { run as audit } from "./audit.ts";
import { run as bootstrap } from "./bootstrap.ts";
import { configure as compile } from "./compile.ts";
import { configure as dashboard } from "./dashboard.ts";
import { run as demo } from "./demo.ts";
import { configure as dlq } from "./dlq.ts";
import { run as inventory } from "./inventory.ts";
import { configure as migrateStore } from "./migrate_store.ts";
import { run as offsets } from "./offsets.ts";
import { configure as replay } from "./replay/replay_flags.ts";
import { run as doctor } from "./stack/doctor.ts";
import { run as down } from "./stack/down.ts";
import { configure as up } from "./stack/up.ts";
import { run as user } from "./user.ts";
import { configure as verify } from "./verify.ts";
import { configure as whatif } from "./whatif.ts";
import { configure as why } from "./why.ts";

const NEVER = new AbortController().signal;

type Command = (args: string[], stop: AbortSignal) => unknown;

/** Of the other tasks only the names are known here. */
const COMMANDS: Record<string, Command> = {
  bootstrap,
  user,
  inventory,
  produce,
  consume,
  replay,
  dlq,
  verify,
  why,
  offsets,
  whatif,
  "migrate-store": migrateStore,
  dashboard,
  demo,
  drill,
  up,
  down,
  doctor,
  completions: configure,
  compile,
  audit,
};

const parser = object({
  shell: argument(choice(Object.keys(COMPLETIONS) as (keyof typeof COMPLETIONS)[], { metavar: "SHELL" }), {
    description: line("Which shell completes"),
  }),
}, { errors: { endOfInput: line("Say which shell: bash, zsh or fish.") } });

/** Prints the script that makes a shell complete tasks and flags. No permissions. */
export async function run(args: readonly string[]): Promise<void> {
  const { shell } = configure(args);
  const tasks = await Promise.all(Object.entries(deno.tasks).map(completedTask));
  print(COMPLETIONS[shell](tasks).trimEnd());
}

function configure(args: readonly string[]) {
  return parseArgs(parser, args, {
    name: "completions",
    brief: "Prints a script that has your shell complete `deno task NAME --flag`, and the programs of `compile`.",
    examples: [
      "deno task completions bash",
      "deno task completions zsh",
      "deno task completions fish",
    ],
  });
}

async function completedTask([name, { description }]: [string, { description: string }]): Promise<CompletedTask> {
  const command = COMMANDS[name];
  if (command === undefined) return { name, description, commands: [], flags: [] };
  const page = await helpOf(command, []);
  const { commands } = wordsOf([page]);
  const pages = [page, ...await Promise.all(commands.map((word) => helpOf(command, [word])))];
  return { name, description, commands, flags: wordsOf(pages).flags };
}

/** The help that a command shows after some words. */
export async function helpOf(command: Command, words: readonly string[]) {
  try {
    await command([...words, "--help"], NEVER);
  } catch (error) {
    if (error instanceof HelpShown) return error.page;
    throw error;
  }
  throw new Error("A command shows no help");
}

/** For the reference. */
export { COMMANDS };

if (import.meta.main) await main(run);
