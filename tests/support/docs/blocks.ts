import { join } from "node:path";
import { CHECKOUT } from "../../../tools/stack/folders.ts";

/** A fenced block of a page. */
export interface Block {
  /** Where it begins, as `docs/tutorial.md:12`. */
  place: string;
  language: string;
  /** The terminal it belongs to: `console terminal=2` is a second one. */
  terminal: number;
  lines: readonly string[];
}

/** A command that a page shows. */
export interface Step {
  place: string;
  terminal: number;
  /** Missing where a block goes on with the output of the command that its terminal is running. */
  command?: string;
  /** What the page shows below the command; undefined where it shows no output at all. */
  output?: readonly string[];
  /** What it shows below `^C`, for Ctrl-C; undefined where that is not pressed. */
  interrupted?: readonly string[];
}

/** The fenced blocks of a page, from top to bottom. Permission: read. */
export function blocksOf(page: string): Block[] {
  return blocksIn(Deno.readTextFileSync(join(CHECKOUT, page)), page);
}

export function blocksIn(text: string, page: string): Block[] {
  const blocks: Block[] = [];
  let open: { place: string; info: string; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^ *```(.*)$/.exec(line); // indented in a list
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { place: `${page}:${index + 1}`, info: fence[1].trim(), lines: [] };
    else {
      const { place, info, lines } = open;
      const terminal = Number(/terminal=(\d+)/.exec(info)?.[1] ?? 1);
      blocks.push({ place, language: info.split(" ")[0], terminal, lines });
      open = undefined;
    }
  }
  return blocks;
}

/**
 * The commands in blocks: those of `sh` are one a line; those of `console` come after a `$`, with their output below
 * them and `^C` where Ctrl-C is pressed.
 */
export function stepsIn(blocks: readonly Block[]): Step[] {
  return blocks.flatMap((block) => {
    if (block.language === "sh") return plainCommands(block);
    return block.language === "console" ? shownCommands(block) : [];
  });
}

function plainCommands({ place, terminal, lines }: Block): Step[] {
  const commands = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return commands.map((command) => ({ place, terminal, command }));
}

function shownCommands({ place, terminal, lines }: Block): Step[] {
  const steps: (Step & { output: string[]; interrupted?: string[] })[] = [];
  for (const line of lines) {
    if (line.startsWith("$ ")) steps.push({ place, terminal, command: line.slice(2), output: [] });
    else {
      if (steps.length === 0) steps.push({ place, terminal, output: [] });
      const step = steps.at(-1)!;
      if (line === "^C") step.interrupted = [];
      else (step.interrupted ?? step.output).push(line);
    }
  }
  return steps;
}
