import deno from "../../deno.json" with { type: "json" };
import { type Program, PROGRAMS } from "../../lib/cli/program.ts";

/** What a program is made from, and what its task lets it do. */
export interface Grants {
  /** The script, relative to the checkout. */
  entry: string;
  /** Flags of `deno run` and `deno compile` alike: V8's, the network, the environment by name. */
  flags: readonly string[];
  writesStorage: boolean;
}

const ORDERS: Pick<Grants, "entry"> = { entry: "tools/orders.ts" };
/** The task whose grants include those of all other commands; `orders` gives up what the command at hand does not need. */
const WIDEST = "consume";

/**
 * The grants of a program: those of its task in deno.json, with two differences. The network is open for all, because
 * the host of a database is known at the start only; and no program may run others.
 */
export function grantsOf(program: Program): Grants {
  if (program === "orders") return { ...grantsOfTask(WIDEST), ...ORDERS };
  return grantsOfTask(PROGRAMS[program]);
}

function grantsOfTask(task: keyof typeof deno.tasks): Grants {
  // The commands before it work out the paths.
  const command = deno.tasks[task].command.split("; ").at(-1)!;
  const set = /-P=(\w+)/.exec(command)![1] as keyof typeof deno.permissions;
  const env = deno.permissions[set].env as { allow: string[] };
  return {
    entry: command.split(" ").at(-1)!,
    flags: [
      "--no-prompt",
      ...(/--v8-flags=\S+/.exec(command) ?? []),
      "--allow-net",
      `--allow-env=${env.allow.join(",")}`,
      "--ignore-env",
    ],
    writesStorage: command.includes("--allow-write"),
  };
}
