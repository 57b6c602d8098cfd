import type { DocEntry, DocPage } from "@optique/core/doc";
import { formatMessage, type Message } from "@optique/core/message";
import { ORDERS_COMMANDS, PROGRAMS } from "./program.ts";

/** A flag, as a shell completes it. */
export interface CompletedFlag {
  name: string;
  description: string;
  takesValue: boolean;
  /** The values it takes, if there are few. */
  values: readonly string[];
}

/** A task and the words that can follow its name. */
export interface CompletedTask {
  name: string;
  description: string;
  /** Subcommands, and words that an argument may be. */
  commands: readonly string[];
  flags: readonly CompletedFlag[];
}

/** What the pages of a command's help say: the first is its own, the others those of its subcommands. */
export function wordsOf(pages: readonly DocPage[]): Pick<CompletedTask, "commands" | "flags"> {
  const entries = pages.flatMap(({ sections }) => sections.flatMap((section) => section.entries));
  const flags = new Map(entries.flatMap(flagsIn).map((flag) => [flag.name, flag]));
  return {
    commands: entries.flatMap(commandsIn),
    flags: [...flags.values()],
  };
}

function commandsIn({ term, choices }: DocEntry): string[] {
  if (term.type === "command") return [term.name];
  return term.type === "argument" && choices !== undefined ? wordsIn(choices) : [];
}

function flagsIn({ term, description, choices }: DocEntry): CompletedFlag[] {
  if (term.type !== "option") return [];
  const values = choices === undefined ? [] : wordsIn(choices);
  const common = { description: plain(description ?? []), takesValue: term.metavar !== undefined, values };
  return term.names.map((name) => ({ name, ...common }));
}

function wordsIn(choices: Message): string[] {
  return plain(choices).split(",").map((word) => word.trim());
}

function plain(message: Message): string {
  return formatMessage(message, { colors: false, quotes: false });
}

/** The script that makes a shell complete the tasks, and the programs that `compile` makes of them. */
export const COMPLETIONS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** The program whose first word is one of its commands. */
const ORDERS = "orders";

const SOURCE_IT = "# Put this into a file, and source it where your shell starts.\n";

/** Whatever is not one of our tasks is left to Deno's own completions, if they are there. */
function bashScript(tasks: readonly CompletedTask[]): string {
  const values = tasks.flatMap(({ name, flags }) =>
    flags.filter((flag) => flag.takesValue).map((flag) =>
      `    ${quoted(`${name} ${flag.name}`)}) known=${quoted(flag.values.join(" "))} ;;`
    )
  );
  const words = tasks.map(({ name, commands, flags }) =>
    `      ${quoted(name)}) known=${quoted([...commands, ...flags.map((flag) => flag.name)].join(" "))} ;;`
  );
  const ofOneTask = Object.entries(PROGRAMS).filter(([program]) => program !== ORDERS);
  const programs = ofOneTask.map(([program, task]) => `    ${program}) _order_pipeline_words ${task} ;;`);
  return `${SOURCE_IT}_order_pipeline_words() { # TASK
  local current=\${COMP_WORDS[COMP_CWORD]} known=""
  case "$1 \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join("\n")}
    *) case "$1" in
${words.join("\n")}
    esac ;;
  esac
  COMPREPLY=( $(compgen -W "$known" -- "$current") )
}
_order_pipeline_deno() {
  if [[ \${COMP_WORDS[1]} == task && $COMP_CWORD -eq 2 ]]; then
    COMPREPLY=( $(compgen -W ${quoted(tasks.map(({ name }) => name).join(" "))} -- "\${COMP_WORDS[2]}") )
  elif [[ \${COMP_WORDS[1]} == task && $COMP_CWORD -gt 2 ]]; then
    _order_pipeline_words "\${COMP_WORDS[2]}"
  elif typeset -f _deno >/dev/null; then
    _deno "$@"
  fi
}
_order_pipeline_program() {
  case "\${1##*/}" in
${programs.join("\n")}
  esac
}
_order_pipeline_orders() {
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=( $(compgen -W ${quoted(ORDERS_COMMANDS.join(" "))} -- "\${COMP_WORDS[1]}") )
  else
    _order_pipeline_words "\${COMP_WORDS[1]}"
  fi
}
complete -o default -F _order_pipeline_deno deno
complete -o default -F _order_pipeline_program ${ofOneTask.map(([program]) => program).join(" ")}
complete -o default -F _order_pipeline_orders ${ORDERS}
`;
}

function zshScript(tasks: readonly CompletedTask[]): string {
  return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(tasks)}`;
}

function fishScript(tasks: readonly CompletedTask[]): string {
  const lines = tasks.flatMap((task) => {
    const { name, description, commands, flags } = task;
    const ofTask = `complete -c deno -n ${quoted(`__order_pipeline_task ${name}`)}`;
    const isOrders = (ORDERS_COMMANDS as readonly string[]).includes(name);
    const ofOrders = `complete -c ${ORDERS} -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    const program = Object.entries(PROGRAMS).find(([, task]) => task === name)?.[0];
    const words = [
      ...commands.map((command) => `-f -a ${command}`),
      ...flags.map((flag) => `${fishFlag(flag)} -d ${quoted(flag.description)}`),
    ];
    return [
      `complete -c deno -n __order_pipeline_task -f -a ${name} -d ${quoted(description)}`,
      ...words.map((word) => `${ofTask} ${word}`),
      ...(program === undefined ? [] : words.map((word) => `complete -c ${program} ${word}`)),
      ...(isOrders
        ? [
          `complete -c ${ORDERS} -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
          ...words.map((word) => `${ofOrders} ${word}`),
        ]
        : []),
    ];
  });
  return `${SOURCE_IT}function __order_pipeline_task
  set -l words (commandline -opc)
  test "$words[2]" = task -a "$words[3]" = "$argv[1]"
end
${lines.join("\n")}
`;
}

function fishFlag({ name, takesValue, values }: CompletedFlag): string {
  const value = values.length > 0 ? ` -x -a ${quoted(values.join(" "))}` : takesValue ? " -r" : " -f";
  return `-l ${name.replace(/^--/, "")}${value}`;
}

/** As one word for all three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}
