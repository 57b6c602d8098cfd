import type { Parser } from "@optique/core/parser";
import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import type { KafkaConnection, RegistryConnection } from "../connections.ts";
import { EXIT, Failure } from "../errors.ts";
import { isDeadLetterTopic } from "../topics.ts";
import { env } from "./environment.ts";
import { line } from "./parse.ts";
import { kafkaConnection, plaintextFlag, registryConnection } from "./security_settings.ts";

/** What `deno task up` leaves for the other commands, under the current directory. */
const STACK_FILE = ".stack/stack.json";

/** What a setting is that nothing names: neither a flag, nor the environment, nor a running local stack. */
export const DEFAULTS = {
  "--brokers": "localhost:9092",
  "--registry": "http://localhost:8081",
  "--topic": "orders",
  "--group": "order-processor",
  "--storage": "storage",
} as const;

/** Prefix of the names of Kafka's internal topics, such as `__consumer_offsets`. */
const INTERNAL_PREFIX = "__";

type TextOption = Parser<"sync", string | undefined, unknown>;

function textOption(flag: `--${string}`, metavar: string, description: string): TextOption {
  return optional(option(flag, string({ metavar: metavar as "TEXT" }), { description: line(description) }));
}

/** The flags of every command that uses Kafka; spread them into its `object({...})`. */
export const kafkaFlags = {
  brokers: textOption("--brokers", "HOST:PORT,…", "Kafka brokers; also KAFKA_BOOTSTRAP_SERVERS"),
  registry: textOption("--registry", "URL", "Schema Registry; also SCHEMA_REGISTRY_URL"),
  topic: textOption("--topic", "TOPIC", "Topic of the orders; also ORDERS_TOPIC"),
  ...plaintextFlag,
};

/** The flags of the commands that read orders from the topic or send some. */
export const ordersFlags = {
  ...kafkaFlags,
  yes: option("--yes", {
    description: line("Use the topic even if it is one of Kafka's own (__NAME) or holds dead letters (NAME.dlq)"),
  }),
};

/** The flag of every command that reads or writes the storage folder. */
export const storageFlag = {
  storage: textOption("--storage", "FOLDER", "Storage folder; also STORAGE_DIR"),
};

/** The flag of every command that belongs to a consumer group. */
export const groupFlag = {
  group: textOption("--group", "GROUP", "Consumer group; also CONSUMER_GROUP_ID"),
};

export interface KafkaSettings {
  kafka: KafkaConnection;
  registry: RegistryConnection;
  topic: string;
}

type Given<T> = { readonly [K in keyof T]: T[K] extends TextOption ? string | undefined : boolean };

/**
 * Resolves the Kafka settings, in order of precedence: flag, environment, running local stack, default.
 *
 * Permissions: env of the names (the permission set `kafka` in deno.json); read of `.stack/stack.json` (without it the
 * stack's ports are not known) and of the files that the environment names.
 */
export function kafkaSettings(flags: Given<typeof kafkaFlags>): KafkaSettings {
  const stack = localStack();
  const brokers = flags.brokers ?? env("KAFKA_BOOTSTRAP_SERVERS") ?? stack?.brokers ?? DEFAULTS["--brokers"];
  const registry = flags.registry ?? env("SCHEMA_REGISTRY_URL") ?? stack?.registry ?? DEFAULTS["--registry"];
  const rule = { allowPlaintext: flags.allowPlaintextCredentials };
  return {
    kafka: kafkaConnection(parseBrokers(brokers), rule),
    registry: registryConnection(parseRegistry(registry), rule),
    topic: topicSetting(flags),
  };
}

/**
 * The same for `ordersFlags`. A topic that is hardly meant is a `Failure` (64): each of its records would become a dead
 * letter, and orders sent there would break Kafka's own bookkeeping or be taken for dead letters.
 */
export function ordersSettings(flags: Given<typeof ordersFlags>): KafkaSettings {
  const settings = kafkaSettings(flags);
  const { topic } = settings;
  if (flags.yes) return settings;
  if (topic.startsWith(INTERNAL_PREFIX)) {
    throw new Failure(
      EXIT.usage,
      `${topic} is a topic of Kafka's own: name the topic of the orders (--topic), or add --yes`,
    );
  }
  if (isDeadLetterTopic(topic)) {
    const remedy = "deno task dlq lists them and deno task replay --dlq sends them back";
    throw new Failure(EXIT.usage, `${topic} is a topic of dead letters: ${remedy}; or add --yes`);
  }
  return settings;
}

/** The topic of the orders, `orders` by default. Permission: env ORDERS_TOPIC. */
export function topicSetting({ topic }: { topic: string | undefined }): string {
  return parseName("topic", topic ?? env("ORDERS_TOPIC") ?? DEFAULTS["--topic"]);
}

/** The storage folder as given, `storage` by default. Permission: env STORAGE_DIR. */
export function storageSetting(flags: Given<typeof storageFlag>): string {
  return flags.storage ?? env("STORAGE_DIR") ?? DEFAULTS["--storage"];
}

/** The consumer group, `order-processor` by default. Permission: env CONSUMER_GROUP_ID. */
export function groupSetting(flags: Given<typeof groupFlag>): string {
  const group = flags.group ?? env("CONSUMER_GROUP_ID") ?? DEFAULTS["--group"];
  if (group.trim() === "") throw new Failure(EXIT.config, "The consumer group must not be empty (--group)");
  return group;
}

function localStack(): { brokers?: string; registry?: string } | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(STACK_FILE));
  } catch (error) {
    // Not found: no local stack. Not granted: a compiled program outside its checkout. Half a file: `up` is writing it.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return undefined;
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parseBrokers(text: string): string[] {
  if (text.includes("@")) throw credentialsInside("brokers", "KAFKA_SASL_USERNAME");
  const brokers = text.split(",").map((broker) => broker.trim()).filter((broker) => broker !== "");
  // kafkajs takes everything after the first colon as the port.
  if (brokers.some((broker) => broker.includes(":", broker.indexOf(":") + 1))) {
    throw new Failure(EXIT.config, `The brokers must be host:port,…, an IPv6 address by a name of it (--brokers)`);
  }
  const wrong = brokers.find((broker) => !/^.+:\d{1,5}$/.test(broker));
  if (brokers.length === 0 || wrong !== undefined) {
    throw new Failure(EXIT.config, `The brokers must be host:port,…, got "${wrong ?? text}" (--brokers)`);
  }
  return brokers;
}

function parseRegistry(text: string): string {
  if (text.includes("@")) throw credentialsInside("Schema Registry's URL", "SCHEMA_REGISTRY_USERNAME");
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new Failure(EXIT.config, `The Schema Registry must be an http(s) URL, got "${text}" (--registry)`);
  }
  return text.replace(/\/+$/, "");
}

/** Addresses appear in messages and process lists; the contents of this one are not shown. */
function credentialsInside(what: string, name: string): Failure {
  return new Failure(EXIT.config, `The ${what} must not hold a user or password: they go into ${name} and so on`);
}

function parseName(what: string, text: string): string {
  // Kafka's legal topic names (org.apache.kafka.common.internals.Topic), with room left for the suffix `.dlq`.
  if (!/^[a-zA-Z0-9._-]{1,245}$/.test(text) || text === "." || text === "..") {
    throw new Failure(EXIT.config, `The ${what} must be 1-245 of a-z A-Z 0-9 . _ -, got "${text}"`);
  }
  return text;
}
