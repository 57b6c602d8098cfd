import type { Step } from "./blocks.ts";

/** The commands that README, tutorial and guides show and `docs_commands_test.ts` does not run. */
export const NOT_RUN: readonly { page: string; commands: RegExp; why: string }[] = [
  { page: "README.md", commands: /^npx .* task demo$/, why: "help_examples_test.ts runs it" },
  { page: "README.md", commands: /^npx .* task test$/, why: "this is part of it" },
  {
    page: "README.md",
    commands: /^export DATABASE_URL=postgres:\/\/me@/,
    why: "names a server of the reader's; those after it run on the stack's",
  },
  { page: "docs/tutorial.md", commands: /^deno task drill\b/, why: "has tests of its own" },
  {
    page: "docs/guides/secure-broker.md",
    commands: /^export|^kafka-acls|^deno task doctor$/,
    why: "are for a broker of the reader's",
  },
  { page: "docs/guides/service.md", commands: /^(useradd|cp|systemctl|journalctl)\b/, why: "change the machine" },
  {
    page: "docs/guides/service.md",
    commands: /^docker/,
    why: "needs Docker; service_files_test.ts checks the Dockerfile",
  },
];

/** Whether the step is one of {@linkcode NOT_RUN}, or of its given entry. */
export function isNotRun({ place, command }: Step, entries = NOT_RUN): boolean {
  return entries.some(({ page, commands }) => place.startsWith(`${page}:`) && commands.test(command?.trim() ?? ""));
}
