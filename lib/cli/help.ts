import { type DocEntry, type DocPage, type DocSection, formatDocPage } from "@optique/core/doc";
import { formatUsage, type Usage, type UsageTerm } from "@optique/core/usage";

/** The flags that many commands have in common, below those of their own. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  Kafka: ["--brokers", "--registry", "--topic", "--group"],
  Storage: ["--storage", "--database"],
  Security: ["--allow-plaintext-credentials"],
};

/** The help of a command as a person reads it: usage in one line, what it does, then the flags in groups. */
export function helpText(command: string, page: DocPage): string {
  const grouped = { ...page, usage: usageLine(page.usage ?? []), sections: sectionsOf(page) };
  const text = formatDocPage(command, grouped, {
    showDefault: { prefix: " (default ", suffix: ")" },
    showChoices: { prefix: " (", suffix: ")", label: "", maxItems: Infinity },
    colors: false,
    termWidth: "auto",
  });
  return text.replaceAll(/\(default "([^"\s]*)"\)/g, "(default $1)"); // the library quotes numbers and words
}

/** How a command is typed, in one line. */
export function usageText(command: string, page: DocPage): string {
  return formatUsage(command, usageLine(page.usage ?? []), { colors: false });
}

function sectionsOf(page: DocPage): DocSection[] {
  const entries = page.sections.flatMap((section) => section.entries);
  const groups = [undefined, ...Object.keys(GROUPS)];
  const sections = groups.map((title) => ({ title, entries: entries.filter((entry) => groupOf(entry) === title) }));
  return sections.filter(({ entries }) => entries.length > 0);
}

/** The group of a flag that many commands have; undefined for one of the command's own. */
export function groupOf({ term }: DocEntry): string | undefined {
  if (term.type !== "option") return undefined;
  return Object.keys(GROUPS).find((title) => term.names.some((name) => GROUPS[title].includes(name)));
}

/** The words that are needed, and `[options]` for the flags that may be left out. */
function usageLine(usage: Usage): Usage {
  const needed = usage.flatMap(neededIn);
  return [...needed, { type: "literal", value: "[options]" }];
}

function neededIn(term: UsageTerm): Usage {
  switch (term.type) {
    case "optional":
      return term.terms.some(isWord) ? [term] : [];
    case "exclusive":
      return commandsIn(term.terms) ?? term.terms[0].flatMap(neededIn); // the others are those of --help
    case "sequence":
      return term.terms.flatMap(neededIn);
    default:
      return [term];
  }
}

function isWord({ type }: UsageTerm): boolean {
  return type === "argument" || type === "command";
}

/** Of commands only their names: each has a help of its own. */
function commandsIn(branches: readonly Usage[]): Usage | undefined {
  const names = branches.flatMap(([first]) => first?.type === "command" ? [first] : []);
  return names.length === 0 ? undefined : [{ type: "exclusive", terms: names.map((name) => [name]) }];
}
