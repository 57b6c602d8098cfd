import { or } from "@optique/core/constructs";
import { command, constant } from "@optique/core/primitives";
import deno from "../deno.json" with { type: "json" };
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { ORDERS_COMMANDS } from "../lib/cli/program.ts";

type Name = (typeof ORDERS_COMMANDS)[number];
type Command = (args: readonly string[], stop: AbortSignal) => Promise<number | void>;

/** Each is loaded when it is called: `orders user show` does not wait for the client of Kafka. */
const LOAD: Readonly<Record<Name, () => Promise<Command>>> = {
  bootstrap: async () => (await import("./bootstrap.ts")).run,
  user: async () => (await import("./user.ts")).run,
  inventory: async () => (await import("./inventory.ts")).run,
  produce: async () => configured(await import("../producer.ts")),
  consume: async () => configured(await import("../consumer.ts")),
  replay: async () => configured({ ...await import("./replay/replay_flags.ts"), ...await import("../replay.ts") }),
  dlq: async () => configured(await import("./dlq.ts")),
  verify: async () => configured(await import("./verify.ts")),
  why: async () => configured(await import("./why.ts")),
  offsets: async () => (await import("./offsets.ts")).run,
  whatif: async () => configured(await import("./whatif.ts")),
  dashboard: async () => configured(await import("./dashboard.ts")),
  "migrate-store": async () => configured(await import("./migrate_store.ts")),
  completions: async () => (await import("./completions.ts")).run,
};

/**
 * The entry of the program `orders`: every command of the pipeline, by its name.
 *
 * First of all it gives up the right to write if the task of that name has none. Permissions: those of the command.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<number | void> {
  const [name, ...rest] = args[0] === "--" ? args.slice(1) : args;
  if (!isCommand(name)) listed(args);
  if (!deno.tasks[name].command.includes("--allow-write")) Deno.permissions.revokeSync({ name: "write" });
  const command = await LOAD[name]();
  return await command(rest, stop);
}

function isCommand(name: string | undefined): name is Name {
  return (ORDERS_COMMANDS as readonly (string | undefined)[]).includes(name);
}

function configured<Config>(
  { configure, run }: {
    configure: (args: readonly string[]) => Config;
    run: (config: Config, stop: AbortSignal) => Promise<number | void>;
  },
): Command {
  return (args, stop) => run(configure(args), stop);
}

/** Shows the help or the version, or refuses a word that is no command: it always throws. */
function listed(args: readonly string[]): never {
  const commands = ORDERS_COMMANDS.map((name) =>
    command(name, constant(name), { description: line(deno.tasks[name].description) })
  );
  parseArgs(or(...commands, { errors: { noMatch: line("Say what to do.") } }), args, {
    name: "orders",
    brief: "Sends sample orders through Kafka, judges them, and answers for what became of each.",
    examples: ["deno task bootstrap", "deno task produce --count 5", "deno task consume --until-end"],
  });
  throw new Error("A command was not recognized");
}

if (import.meta.main) await main(run);
