import { runParser } from "@optique/core/facade";
import { type Message, text } from "@optique/core/message";
import type { InferValue, Parser } from "@optique/core/parser";
import { EXIT, Failure } from "../errors.ts";

/** Thrown to end a command that only had to print its help. */
export class HelpShown extends Error {}

export interface CommandText {
  /** What a user types after `deno task`. */
  name: string;
  /** One sentence that says what the command does. */
  brief: string;
  /** Command lines worth copying. */
  examples: string[];
}

/**
 * Parses `args` and returns their values.
 *
 * Prints the help and throws {@linkcode HelpShown} on `--help`; throws a usage {@linkcode Failure} of one line, with
 * the nearest known flag, on anything the parser does not know.
 */
export function parseArgs<T extends Parser<"sync", unknown, unknown>>(
  parser: T,
  args: readonly string[],
  about: CommandText,
): InferValue<T> {
  const complaint: string[] = [];
  const refuse = (): never => {
    throw new Failure(EXIT.usage, oneLine(complaint, about));
  };
  // `deno task NAME -- FLAGS` hands the dashes on.
  const words = args[0] === "--" ? args.slice(1) : args;
  return runParser(parser, `deno task ${about.name}`, words, {
    help: {
      option: true,
      onShow: () => {
        throw new HelpShown();
      },
    },
    brief: line(about.brief),
    examples: about.examples.flatMap((example) => [text(example), { type: "lineBreak" } as const]).slice(0, -1),
    aboveError: "none",
    showDefault: true,
    showChoices: true,
    colors: false,
    stderr: (complaintLine) => complaint.push(complaintLine),
    onError: refuse,
  }) as InferValue<T>;
}

/** A plain sentence as the message type that option descriptions want. */
export function line(sentence: string): Message {
  return [text(sentence)];
}

function oneLine(complaint: readonly string[], about: CommandText): string {
  const said = complaint.join(" ").replace(/\s+/g, " ").replace(/^Error: /, "").trim();
  return `${said} (see deno task ${about.name} --help)`;
}
