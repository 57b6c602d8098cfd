import process from "node:process";
import { styleText } from "node:util";
import { object } from "@optique/core/constructs";
import { option } from "@optique/core/primitives";
import { escapeControls } from "../../lib/cli/escape.ts";
import { printJson } from "../../lib/cli/json_lines.ts";
import { main } from "../../lib/cli/main.ts";
import { line, parseArgs } from "../../lib/cli/parse.ts";
import { print } from "../../lib/cli/print.ts";
import { kafkaFlags, kafkaSettings } from "../../lib/cli/settings.ts";
import { EXIT } from "../../lib/errors.ts";
import { storeFlags, type StoreSetting, storeSetting } from "../open_store.ts";
import type { Check, Level } from "./check.ts";
import { checkDatabase } from "./check_database.ts";
import { checkKafka, checkRegistry } from "./check_services.ts";
import { checkStorage } from "./check_storage.ts";
import { checkStackDatabase } from "./postgres/check_stack_database.ts";
import { checkPorts, checkTools } from "./check_tools.ts";
import { secureRemedy } from "./secure/env_files.ts";

const parser = object({
  json: option("--json", { description: line("Print JSON") }),
  ...kafkaFlags,
  ...storeFlags,
});

const COLOURS = { ok: "green", warn: "yellow", fail: "red" } as const satisfies Record<Level, string>;

/**
 * Checks what the pipeline needs and prints a line for each, with what to do about it. Exits 1 if the pipeline cannot
 * run.
 *
 * Permissions: net; run java, mvn, docker, sh; env of the settings, of kafkajs and JAVA_HOME; read of `.stack` and
 * `tools/stack/pom.xml`; read, write of the storage folder.
 */
export async function run(args: readonly string[]): Promise<number> {
  const options = parseArgs(parser, args, {
    name: "doctor",
    brief: "Checks what the pipeline needs: tools, ports, broker, registry, topics, database and storage.",
    examples: ["deno task doctor", "deno task doctor --json"],
  });
  const settings = kafkaSettings(options);
  const [kafka, registry] = await Promise.all([checkKafka(settings), checkRegistry(settings.registry)]);
  const isUp = [...kafka, registry].every(({ level }) => level !== "fail");
  const checks = [
    ...await checkTools({ needed: !isUp }),
    ...(isUp ? [] : checkPorts()),
    ...secureRemedy(kafka, settings.kafka.brokers),
    registry,
    ...await checkStackDatabase(),
    ...await checkStore(storeSetting(options)),
  ];
  if (options.json) printJson(checks);
  else print(checks.map(describe).join("\n"));
  return checks.some(({ level }) => level === "fail") ? EXIT.failed : EXIT.ok;
}

async function checkStore({ storage, database }: StoreSetting): Promise<Check[]> {
  return database === undefined ? await checkStorage(storage) : [await checkDatabase(database)];
}

function describe({ level, name, found, remedy }: Check): string {
  const word = styleText(COLOURS[level], level.padEnd(4), { stream: process.stdout });
  const advice = remedy === undefined ? "" : `: ${remedy}`;
  return `${word}  ${name.padEnd(9)}  ${escapeControls(found + advice)}`;
}

if (import.meta.main) await main((args) => run(args));
