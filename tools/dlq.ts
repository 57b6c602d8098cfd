import { object } from "@optique/core/constructs";
import { option } from "@optique/core/primitives";
import { RegistryUnavailable } from "../lib/avro/registry_http.ts";
import { writerSchemas } from "../lib/avro/schema_registry.ts";
import { ValueReader } from "../lib/avro/value_reader.ts";
import { counted } from "../lib/counted.ts";
import { printJsonLines } from "../lib/cli/json_lines.ts";
import { deadLetterJson, deadLetterLines, type DeadLetterValue } from "../lib/cli/dead_letter_text.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { printError, printLines } from "../lib/cli/print.ts";
import { kafkaFlags, type KafkaSettings, kafkaSettings } from "../lib/cli/settings.ts";
import { deadLetterFlags, sliceSetting } from "../lib/cli/slice_flags.ts";
import { warn } from "../lib/cli/warn.ts";
import { createKafka } from "../lib/kafka/client/client.ts";
import { deadLetterRange, readDeadLetters } from "../lib/kafka/dead_letters/dead_letter_reader.ts";
import { requireBrokers } from "../lib/kafka/client/require_brokers.ts";
import type { StoredDeadLetter } from "../lib/ports.ts";
import type { SliceFilter } from "../lib/slice.ts";
import { deadLetterTopic, valueSubject } from "../lib/topics.ts";

const parser = object({
  json: option("--json", { description: line("Print JSON lines, keys and values in base64") }),
  ...deadLetterFlags,
  ...kafkaFlags,
});

export interface DlqConfig extends KafkaSettings {
  filter: SliceFilter;
  json: boolean;
}

/**
 * Lists the current dead letters of the topic, oldest first: origin, reason, headers, and the value decoded as far as
 * possible. Also works without the registry, but then no schemas are known.
 *
 * Permissions: net; env as kafkajs and the settings need.
 */
export async function run(config: DlqConfig, stop: AbortSignal): Promise<void> {
  const { registry, topic, filter } = config;
  await requireBrokers(config.kafka);
  const kafka = createKafka(config.kafka);
  const range = await deadLetterRange(kafka, topic, filter);
  const deadLetters = readDeadLetters(kafka, topic, { range, filter });
  const valueOf = valueTeller(new ValueReader(writerSchemas(registry, valueSubject(topic))));
  let count = 0;
  const as = <R>(shape: (deadLetter: StoredDeadLetter, value: DeadLetterValue) => R) =>
    mapped(deadLetters, async (deadLetter) => {
      count++;
      return shape(deadLetter, await valueOf(deadLetter));
    });
  if (config.json) await printJsonLines(as(deadLetterJson), stop);
  else await printLines(as((deadLetter, value) => deadLetterLines(deadLetter, value).join("\n")), stop);
  const total = `${count === 0 ? "No dead letters" : counted(count, "dead letter")} in ${deadLetterTopic(topic)}`;
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  if (count === 0) printError(isFiltered ? `${total} that fit the flags` : total);
  else printError(`${total}; deno task replay --dlq sends them again`);
}

/** Decodes dead letters; warns once if the registry is away, and goes on without it. */
function valueTeller(reader: ValueReader): (deadLetter: StoredDeadLetter) => Promise<DeadLetterValue> {
  let away = false;
  return async ({ value }) => {
    if (away) return { untold: true };
    try {
      return await reader.read(value);
    } catch (error) {
      if (!(error instanceof RegistryUnavailable)) throw error;
      warn(`${error.message}; values are shown as they are`);
      away = true;
      return { untold: true };
    }
  };
}

async function* mapped<T, R>(items: AsyncIterable<T>, map: (item: T) => Promise<R>): AsyncGenerator<R> {
  for await (const item of items) yield await map(item);
}

export function configure(args: readonly string[]): DlqConfig {
  const options = parseArgs(parser, args, {
    name: "dlq",
    brief: "Lists the dead letters, which are records that are not orders: where each came from and why.",
    examples: [
      "deno task dlq",
      'deno task dlq --reason "schema id" --since 1h',
      "deno task dlq --from 100 --limit 10 --json",
    ],
  });
  const { json, brokers: _b, registry: _r, topic: _t, allowPlaintextCredentials: _a, ...filter } = options;
  return { ...kafkaSettings(options), filter: sliceSetting(filter, Date.now()), json };
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
