import { join } from "node:path";
import { object } from "@optique/core/constructs";
import type { DocEntry, DocPage } from "@optique/core/doc";
import { formatMessage, type Message } from "@optique/core/message";
import { option } from "@optique/core/primitives";
import { formatUsageTerm, type UsageTerm } from "@optique/core/usage";
import stringWidth from "string-width";
import deno from "../deno.json" with { type: "json" };
import { groupOf, usageText } from "../lib/cli/help.ts";
import { main } from "../lib/cli/main.ts";
import { DEFAULTS } from "../lib/cli/settings.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print, printError } from "../lib/cli/print.ts";
import { EXIT } from "../lib/errors.ts";
import { COMMANDS, helpOf } from "./completions.ts";

const FILE = join(import.meta.dirname!, "../docs/reference.md");

const INTRODUCTION = `# Reference

Every command with its flags and their defaults, and the exit codes. \`deno task reference\` writes this page from the
parsers that also print each \`--help\`; a test compares.

Settings come from flags, else from the environment variable that is named, else from the running local stack, else from
the default.`;

/** What each code means, in the words of the README. */
const MEANINGS: Record<keyof typeof EXIT, string> = {
  ok: "done",
  failed: "failed: the answer is no, it was stopped before it was done, or something unforeseen broke",
  usage: "unknown or malformed flags",
  data: "damaged or unparsable data; nothing was touched",
  unavailable: "broker, registry or database silent for 10 s at the start",
  io: "the disk returned an error",
  busy: "storage owned or group active: try again",
  config: "bad setting, missing file or right",
};

const parser = object({
  check: option("--check", { description: line("Only compare; exit 1 where the page is not up to date") }),
});

/** Writes the reference, or compares it. Permissions: read and write of docs/reference.md. */
export async function run(args: readonly string[]): Promise<number> {
  const { check } = parseArgs(parser, args, {
    name: "reference",
    brief: "Writes docs/reference.md: every command's flags, from the parsers that print --help.",
    examples: ["deno task reference", "deno task reference --check"],
  });
  const text = await reference();
  if (!check) Deno.writeTextFileSync(FILE, text);
  else if (Deno.readTextFileSync(FILE) !== text) {
    printError("docs/reference.md is not up to date: run deno task reference");
    return EXIT.failed;
  }
  print(check ? "docs/reference.md is up to date" : "Wrote docs/reference.md");
  return EXIT.ok;
}

export async function reference(): Promise<string> {
  const commands = await Promise.all(Object.entries(COMMANDS).map(([name, command]) => helpPages(name, command)));
  const pages = commands.flat();
  const shared = new Map(
    pages.flatMap(({ page }) => entriesOf(page).filter(groupOf)).map((one) => [termText(one), one]),
  );
  const others = Object.entries(deno.tasks).filter(([name]) => !(name in COMMANDS));
  return [
    INTRODUCTION,
    "## Flags of many commands",
    flagTable([...shared.values()]),
    ...pages.flatMap(commandParts),
    "## For work on this repository",
    "[CONTRIBUTING.md](../CONTRIBUTING.md) says how to work.",
    table(["task", "does"], others.map(([name, { description }]) => [`\`${name}\``, description])),
    "## Exit codes",
    "Of every command; [guides/recover.md](guides/recover.md) says what to do about each.",
    table(
      ["exit", "means"],
      Object.entries(EXIT).map(([name, code]) => [`${code}`, MEANINGS[name as keyof typeof EXIT]]),
    ),
    "A second signal, more than two seconds after the first, ends a command at once with 130 or 143.\n",
  ].join("\n\n");
}

interface HelpPage {
  /** What is typed after `deno task`, without flags. */
  name: string;
  brief: string;
  page: DocPage;
}

/** The help of a command and of its subcommands. */
async function helpPages(name: string, command: (typeof COMMANDS)[string]): Promise<HelpPage[]> {
  const page = await helpOf(command, []);
  const words = entriesOf(page).flatMap(({ term, description }) =>
    term.type === "command" ? [{ word: term.name, brief: `${plain(description ?? [])}.` }] : []
  );
  const ofWords = words.map(async ({ word, brief }) => {
    return { name: `${name} ${word}`, brief, page: await helpOf(command, [word]) };
  });
  return [{ name, brief: plain(page.brief ?? []), page }, ...await Promise.all(ofWords)];
}

function commandParts({ name, brief, page }: HelpPage): string[] {
  const [command, word] = name.split(" ");
  const usage = ["```", usageText(`deno task ${command}`, page), "```"].join("\n");
  const entries = entriesOf(page).filter(({ term }) => term.type !== "command" && !isHelp(term));
  const own = entries.filter((entry) => groupOf(entry) === undefined);
  const shared = entries.filter(groupOf).map((entry) => code(namesIn(entry)));
  const parts = [`${word === undefined ? "##" : "###"} ${name}`, brief, usage];
  if (own.length > 0) parts.push(flagTable(own));
  if (shared.length > 0) parts.push(`${own.length > 0 ? "Also" : "Flags:"} ${shared.join(", ")}.`);
  return parts;
}

function isHelp(term: UsageTerm): boolean {
  return term.type === "option" && term.names.includes("--help");
}

function entriesOf(page: DocPage): DocEntry[] {
  return page.sections.flatMap(({ entries }) => [...entries]);
}

function flagTable(entries: readonly DocEntry[]): string {
  return table(["flag", "default", "does"], entries.map((entry) => [termText(entry), defaultText(entry), text(entry)]));
}

function termText(entry: DocEntry): string {
  const { term } = entry;
  const metavar = term.type === "option" && term.metavar !== undefined ? ` ${term.metavar}` : "";
  return code(namesIn(entry) + metavar);
}

function namesIn({ term }: DocEntry): string {
  return term.type === "option" ? term.names.join(", ") : formatUsageTerm(term, { colors: false });
}

function defaultText(entry: DocEntry): string {
  const setting: string | undefined = DEFAULTS[namesIn(entry) as keyof typeof DEFAULTS];
  const value = setting ?? (entry.default === undefined ? undefined : plain(entry.default).replaceAll('"', ""));
  return value === undefined ? "" : code(value);
}

function text({ description, choices }: DocEntry): string {
  const said = plain(description ?? []);
  return cell(choices === undefined ? said : `${said}: ${plain(choices)}`);
}

function plain(message: Message): string {
  return formatMessage(message, { colors: false, quotes: false });
}

function code(words: string): string {
  return `\`${cell(words)}\``;
}

function cell(words: string): string {
  return words.replaceAll("|", "\\|");
}

/** A table as `deno fmt` lays it out. */
function table(head: string[], rows: string[][]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => stringWidth(row[column]))));
  const line = (cells: string[], fill = " ") =>
    `| ${cells.map((text, column) => text + fill.repeat(widths[column] - stringWidth(text))).join(" | ")} |`;
  return [line(head), line(head.map(() => ""), "-"), ...rows.map((row) => line(row))].join("\n");
}

if (import.meta.main) await main(run);
