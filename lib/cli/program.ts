import { basename } from "node:path";

/** The tasks that the program `orders` has as commands. */
export const ORDERS_COMMANDS = [
  "bootstrap",
  "user",
  "inventory",
  "produce",
  "consume",
  "replay",
  "dlq",
  "verify",
  "why",
  "offsets",
  "whatif",
  "dashboard",
  "migrate-store",
  "completions",
] as const;

/** The programs that `compile` makes, by the task that each does; `orders` does all of {@linkcode ORDERS_COMMANDS}. */
export const PROGRAMS = {
  producer: "produce",
  consumer: "consume",
  replay: "replay",
  user: "user",
  inventory: "inventory",
  orders: "orders",
} as const;

export type Program = keyof typeof PROGRAMS;

/** The program that this process runs; undefined in a checkout, where scripts are TypeScript and programs a bundle. */
export const PROGRAM: Program | undefined = programOf(Deno.mainModule);

const AS_TASK = /\bdeno task ([a-z-]+)/g;

/**
 * A text that names commands as a checkout has them, `deno task NAME`, as they are called in `program`. Tasks that no
 * program does, such as `up`, stay as they are.
 */
export function asCalled(text: string, program = PROGRAM): string {
  if (program === undefined) return text;
  return text.replaceAll(AS_TASK, (typed, task) => {
    if (PROGRAMS[program] === task) return program;
    return (ORDERS_COMMANDS as readonly string[]).includes(task) ? `orders ${task}` : typed;
  });
}

function programOf(module: string): Program | undefined {
  const name = basename(module, ".js");
  return module.endsWith(".js") && name in PROGRAMS ? name as Program : undefined;
}
