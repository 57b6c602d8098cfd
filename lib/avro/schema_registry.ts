import { setTimeout as delay } from "node:timers/promises";
import { COMPATIBILITY, SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import type { RegistryConnection } from "../connections.ts";
import { EXIT, Failure, Outage } from "../errors.ts";
import { ORDER_SCHEMA } from "./order_schema.ts";
import { schemaDifference } from "./schema_difference.ts";

/** How long a registry may stay silent at start before a command gives up, in milliseconds. */
const START_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 3_000;
const RETRY_MS = 250;

/** Levels under which a new schema can always read what was written before it. */
const READS_OLD_ORDERS = ["BACKWARD", "BACKWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"];

/** What a schema id stands for: its schema as JSON, or in one line why it is no order's. */
export type FoundSchema = { schema: string } | { refused: string };

/** The schemas that messages of one topic may be written with. */
export interface WriterSchemas {
  /** Rejects with {@linkcode RegistryUnavailable} when it cannot tell, which says nothing about the message. */
  find(id: number): Promise<FoundSchema>;
}

/** The registry is away, failing or not a registry at all: wait and ask again. */
export class RegistryUnavailable extends Outage {
  constructor(message: string, options?: ErrorOptions) {
    super(EXIT.unavailable, message, options);
  }
}

/**
 * The schemas registered under `subject`, straight from the registry at `url`, nothing cached.
 *
 * Speaks to the two endpoints itself: the client library cannot ask which subjects an id belongs to and reports an
 * unreachable registry as status 400. Permission: net.
 */
export function writerSchemas({ url }: RegistryConnection, subject: string): WriterSchemas {
  return {
    async find(id) {
      // Deleted versions count: messages outlive them.
      const versions = await ask<{ subject: string }[]>(`${url}/schemas/ids/${id}/versions?deleted=true`);
      if (versions === undefined) return { refused: `Unknown schema id ${id}` };
      if (!Array.isArray(versions)) throw new RegistryUnavailable(`What answers at ${url} is no Schema Registry`);
      // Anyone may register a schema that is costly to decode; under our subject only compatible ones get in.
      if (!versions.some((version) => version.subject === subject)) {
        return { refused: `Schema ${id} is not registered under ${subject}` };
      }
      const found = await ask<{ schema: string; schemaType?: string }>(`${url}/schemas/ids/${id}`);
      if (found === undefined) return { refused: `Unknown schema id ${id}` };
      if ((found.schemaType ?? "AVRO") !== "AVRO") return { refused: `Schema ${id} is ${found.schemaType}, not Avro` };
      return { schema: found.schema };
    },
  };
}

/**
 * Registers the order schema under `subject` and returns its id; registering it again returns the same one.
 *
 * Afterwards the registry lets only schemas into `subject` that can read the orders written so far (BACKWARD, or the
 * stricter level someone has set). A {@linkcode Failure} with 69 when the registry is silent for 10 s, with 78 when it
 * refuses the schema. Permission: net.
 */
export async function registerOrderSchema({ url }: RegistryConnection, subject: string): Promise<number> {
  try {
    const compatibility = await requireBackward(url, subject);
    const registry = new SchemaRegistry({ host: url, middlewares: [withTimeout] });
    const schema = { type: SchemaType.AVRO, schema: JSON.stringify(ORDER_SCHEMA) } as const;
    return (await registry.register(schema, { subject, compatibility })).id;
  } catch (cause) {
    throw await registrationFailure(url, subject, cause);
  }
}

/** Returns once the registry answers; a {@linkcode Failure} (69) when it is silent for 10 s. Permission: net. */
export async function requireRegistry({ url }: RegistryConnection): Promise<void> {
  try {
    await patiently((signal) => ask(`${url}/subjects`, { signal }));
  } catch (cause) {
    throw registrySilence(url, cause);
  }
}

/**
 * The level of `subject`, set to BACKWARD where a new schema could lock old orders out. Before registering: the client
 * library refuses to register where it finds another level than the one it is told.
 */
async function requireBackward(url: string, subject: string): Promise<COMPATIBILITY> {
  const address = `${url}/config/${encodeURIComponent(subject)}`;
  const current = await patiently((signal) =>
    ask<{ compatibilityLevel: string }>(`${address}?defaultToGlobal=true`, { signal })
  );
  const level = current?.compatibilityLevel.toUpperCase();
  if (level !== undefined && READS_OLD_ORDERS.includes(level)) return level as COMPATIBILITY;
  await ask(address, {
    method: "PUT",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ compatibility: COMPATIBILITY.BACKWARD }),
  });
  return COMPATIBILITY.BACKWARD;
}

/** Repeats `request` while the registry is unavailable, for as long as one may be silent at start. */
async function patiently<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (true) {
    try {
      return await request(AbortSignal.timeout(Math.min(REQUEST_TIMEOUT_MS, deadline - Date.now())));
    } catch (error) {
      if (!(error instanceof RegistryUnavailable) || Date.now() + RETRY_MS > deadline) throw error;
      await delay(RETRY_MS);
    }
  }
}

/** The answer as JSON; undefined where the registry says that there is no such thing. */
async function ask<T>(address: string, init: RequestInit = {}): Promise<T | undefined> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS), ...init });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    // A 404 without the registry's own code comes from something else: a wrong path, a proxy.
    if (response.status === 404 && /"error_code"\s*:\s*404\d\d\b/.test(text)) return undefined;
    throw new Error(`status ${response.status}`);
  } catch (cause) {
    throw new RegistryUnavailable(`No answer from ${address}: ${reasonOf(cause)}`, { cause });
  }
}

/** mappersmith, under the client library, waits for ever by default. */
const withTimeout: NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]["middlewares"]>[number] = () => ({
  request: (request) => Promise.resolve(request.enhance({ timeout: REQUEST_TIMEOUT_MS })),
});

async function registrationFailure(url: string, subject: string, cause: unknown): Promise<Failure> {
  const { status } = cause as { status?: number };
  if (status !== 409 && status !== 422) return registrySilence(url, cause);
  const said = [...await differenceToLatest(url, subject), reasonOf(cause)].join("; ");
  const message = `The Schema Registry refuses the order schema under ${subject}: ${said}; ` +
    `delete that subject or use another topic (--topic)`;
  return new Failure(EXIT.config, message, { cause });
}

/** Registries tell a break in their own ways, or in none; the two schemas say it themselves. */
async function differenceToLatest(url: string, subject: string): Promise<string[]> {
  try {
    const latest = await ask<{ schema: string }>(`${url}/subjects/${encodeURIComponent(subject)}/versions/latest`);
    return latest === undefined ? [] : schemaDifference(ORDER_SCHEMA, JSON.parse(latest.schema));
  } catch {
    return []; // it adds to a message that stands without it
  }
}

function registrySilence(url: string, cause: unknown): Failure {
  const message = `Cannot reach the Schema Registry at ${url}: ${reasonOf(cause)}; ` +
    `start it with deno task up, or set SCHEMA_REGISTRY_URL`;
  return new Failure(EXIT.unavailable, message, { cause });
}

/** One line; without the client's name and the Java class that the message starts with. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s+/g, " ").replace(/^Confluent_Schema_Registry - /, "").replace(/^[\w.]+Exception: /, "");
}
