import { runParser } from "@optique/core/facade";
import { extractCommandNames, extractOptionNames } from "@optique/core/usage";
import type { DocPage } from "@optique/core/doc";
import { type Message, text } from "@optique/core/message";
import type { InferValue, Parser } from "@optique/core/parser";
import { EXIT, Failure } from "../errors.ts";
import { didYouMean } from "./did_you_mean.ts";
import { helpText } from "./help.ts";
import { asCalled } from "./program.ts";
import { VERSION } from "./version.ts";

/** Thrown to end a command that only has to show its message. */
export class TextShown extends Error {}

/** Thrown to end a command that only has to show its help. */
export class HelpShown extends TextShown {
  /** What the help consists of. */
  readonly page: DocPage;

  /** The message is the help as text. */
  constructor(command: string, page: DocPage) {
    super(asCalled(helpText(command, page)));
    this.page = page;
  }
}

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
 * Throws {@linkcode HelpShown} on `--help` and {@linkcode TextShown} on `--version`, which `main` prints; throws a usage
 * {@linkcode Failure} of one line, with the nearest known flag, on anything the parser does not know.
 */
export function parseArgs<T extends Parser<"sync", unknown, unknown>>(
  parser: T,
  args: readonly string[],
  about: CommandText,
): InferValue<T> {
  const complaint: string[] = [];
  const refuse = (): never => {
    const known = [...extractOptionNames(parser.usage), ...extractCommandNames(parser.usage)];
    throw new Failure(EXIT.usage, oneLine(complaint, known, about));
  };
  // `deno task NAME -- FLAGS` hands the dashes on.
  const words = args[0] === "--" ? args.slice(1) : args;
  return runParser(parser, `deno task ${about.name}`, words, {
    help: {
      option: true,
      onShow: (_exit, page) => {
        throw new HelpShown(`deno task ${about.name}`, page);
      },
    },
    version: {
      value: VERSION,
      option: true,
      onShow: () => {
        throw new TextShown(`${asCalled(`deno task ${about.name}`).replace(/^deno task /, "")} ${VERSION}`);
      },
    },
    brief: line(about.brief),
    examples: about.examples.flatMap((example) => [text(example), { type: "lineBreak" } as const]).slice(0, -1),
    aboveError: "none",
    stdout: () => {}, // the help is grouped first
    stderr: (complaintLine) => complaint.push(complaintLine),
    onError: refuse,
  }) as InferValue<T>;
}

/** A plain sentence as the message type for option descriptions. */
export function line(sentence: string): Message {
  return [text(sentence)];
}

function oneLine(complaint: readonly string[], known: readonly string[], about: CommandText): string {
  const said = complaint.join(" ").replace(/\s+/g, " ").replace(/^Error: /, "").trim();
  const hint = said.includes("Did you mean") ? "" : suggestion(said, known);
  return `${said.replace(/\.$/, "")}${hint} (see deno task ${about.name} --help)`;
}

/**
 * The library suggests nothing within a subcommand, nor for values: there the wrong word comes last, after the choices.
 */
function suggestion(complaint: string, known: readonly string[]): string {
  const words = [...complaint.matchAll(/["`]([^"`]+)["`]/g)].map(([, word]) => word);
  // If the word is a known flag, the library names it as missing: not a typo.
  return didYouMean(words.at(-1) ?? "", [...words.slice(0, -1), ...known]);
}
