import { COMPATIBILITY, SchemaType } from "@kafkajs/confluent-schema-registry";
import type { RegistryConnection } from "../connections.ts";
import { EXIT, Failure } from "../errors.ts";
import { patiently } from "../patiently.ts";
import type { ChosenSchema } from "./chosen_schema.ts";
import { SENT_SCHEMA } from "./order_schema.ts";
import { registryClient } from "./registry_client.ts";
import {
  type Ask,
  reasonOf,
  RegistryDenied,
  registryDenied,
  registryHttp,
  RegistryUnavailable,
  REQUEST_TIMEOUT_MS,
} from "./registry_http.ts";
import { schemaDifference } from "./schema_difference.ts";
import { referencedSchemas, type RegisteredSchema } from "./schema_references.ts";
import type { WriterSchema } from "./writer_type.ts";

/** How long a registry may stay silent at start before a command gives up, in milliseconds. */
const START_TIMEOUT_MS = 10_000;
const RETRY_MS = 250;

/** The default global levels of Apicurio and Confluent: nobody has chosen them. */
const SHIPPED_LEVELS = [COMPATIBILITY.NONE, COMPATIBILITY.BACKWARD];

/** What a schema id stands for: its schema, or one line that says why it cannot be an order's. */
export type FoundSchema = WriterSchema | { unusable: string };

/** The schemas that messages of one topic may be written with. */
export interface WriterSchemas {
  /** Rejects with an `Outage` if it cannot tell; that says nothing about the message. */
  find(id: number): Promise<FoundSchema>;
}

/** The schemas registered under `subject`, straight from the registry, nothing cached. Permission: net. */
export function writerSchemas(connection: RegistryConnection, subject: string): WriterSchemas {
  const ask = registryHttp(connection);
  return {
    async find(id) {
      // Deleted versions count: messages outlive them.
      const versions = await ask<{ subject: string }[]>(`/schemas/ids/${id}/versions?deleted=true`);
      if (versions === undefined) return { unusable: `Unknown schema id ${id}` };
      if (!Array.isArray(versions)) {
        throw new RegistryUnavailable(`What answers at ${connection.url} is not a Schema Registry`);
      }
      // Anyone may register a schema that is costly to decode, but our subject only takes compatible ones.
      if (!versions.some((version) => version.subject === subject)) {
        return { unusable: `Schema ${id} is not registered under ${subject}` };
      }
      const found = await ask<RegisteredSchema>(`/schemas/ids/${id}`);
      if (found === undefined) return { unusable: `Unknown schema id ${id}` };
      if ((found.schemaType ?? "AVRO") !== "AVRO") return { unusable: `Schema ${id} is ${found.schemaType}, not Avro` };
      const referenced = await referencedSchemas(ask, found);
      if ("missing" in referenced) return { unusable: `Schema ${id} refers to ${referenced.missing}` };
      return { schema: found.schema, ...referenced };
    },
  };
}

/**
 * Registers the order schema, or the chosen one, under `subject` and returns its id; registering it again returns the
 * same one.
 *
 * Afterwards the registry only lets schemas into `subject` that can read the orders written so far, and whose orders
 * ours can read (FULL), unless someone has set another level. A {@linkcode Failure} with 69 if the registry is silent
 * for 10 s, with 78 if it rejects the schema or denies the client access. Permission: net.
 */
export async function registerOrderSchema(
  connection: RegistryConnection,
  subject: string,
  chosen?: Pick<ChosenSchema, "name" | "json">,
): Promise<number> {
  const ask = registryHttp(connection);
  try {
    const compatibility = await chosenLevel(ask, subject);
    const schema = { type: SchemaType.AVRO, schema: chosen?.json ?? JSON.stringify(SENT_SCHEMA) } as const;
    const { id } = await registryClient(connection).register(schema, { subject, compatibility });
    if (!Number.isInteger(id)) throw new Error("its answer has no schema id");
    return id;
  } catch (cause) {
    const { status } = cause as { status?: number };
    if (status === 409 || status === 422) throw await schemaRejected(ask, subject, { chosen, cause });
    if (status === 401 || status === 403) throw registryDenied(`registering under ${subject}`, status, connection);
    throw asFailure(connection, cause);
  }
}

/**
 * Returns once the registry answers. A {@linkcode Failure} with 69 if it is silent for 10 s, with 78 if it denies
 * access. Permission: net.
 */
export async function requireRegistry(connection: RegistryConnection): Promise<void> {
  const ask = registryHttp(connection);
  try {
    await atStart((signal) => ask("/subjects", { signal }));
  } catch (cause) {
    throw asFailure(connection, cause);
  }
}

/**
 * The level of `subject`, set to FULL if nobody has chosen one. Called before registering, because the client library
 * does not register if it finds another level than the one it was given.
 */
async function chosenLevel(ask: Ask, subject: string): Promise<COMPATIBILITY> {
  const path = `/config/${encodeURIComponent(subject)}`;
  const levelAt = async (path: string, signal?: AbortSignal) => {
    const config = await ask<{ compatibilityLevel: string }>(path, { signal });
    return config?.compatibilityLevel.toUpperCase() as COMPATIBILITY | undefined;
  };
  const own = await atStart((signal) => levelAt(path, signal));
  // NONE counts as no level: Apicurio answers with the global level if the subject itself has none.
  if (own !== undefined && own !== COMPATIBILITY.NONE) return own;
  // Confluent's registry may forbid the second request; Apicurio does not answer the first for a new subject.
  const global = await levelAt(`${path}?defaultToGlobal=true`) ?? await levelAt("/config");
  if (global !== undefined && !SHIPPED_LEVELS.includes(global)) return global;
  // Apicurio answers 409 while another producer sets the first level at the same moment.
  await atStart((signal) => ask(path, { method: "PUT", body: { compatibility: COMPATIBILITY.FULL }, signal }));
  return COMPATIBILITY.FULL;
}

/** Repeats `request` while the registry is unavailable, for as long as it may stay silent at start. */
async function atStart<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return await patiently(
    (leftMs) => request(AbortSignal.timeout(Math.min(REQUEST_TIMEOUT_MS, leftMs))),
    { forMs: START_TIMEOUT_MS, everyMs: RETRY_MS, passes: (error) => error instanceof RegistryUnavailable },
  );
}

async function schemaRejected(
  ask: Ask,
  subject: string,
  { chosen, cause }: { chosen?: Pick<ChosenSchema, "name" | "json">; cause: unknown },
): Promise<Failure> {
  const schema = chosen === undefined ? SENT_SCHEMA : JSON.parse(chosen.json);
  const said = [...await differenceToLatest(ask, subject, schema), reasonOf(cause)].join("; ");
  const [what, remedy] = chosen === undefined
    ? ["the order schema", "delete that subject or use another topic (--topic)"]
    : [chosen.name, "give each new field a default"];
  const message = `The Schema Registry rejects ${what} under ${subject}: ${said}; ${remedy}`;
  return new Failure(EXIT.config, message, { cause });
}

/**
 * Registries report an incompatibility each in its own words, or not at all; comparing the two schemas always works.
 */
async function differenceToLatest(ask: Ask, subject: string, schema: unknown): Promise<string[]> {
  try {
    const latest = await ask<{ schema: string }>(`/subjects/${encodeURIComponent(subject)}/versions/latest`);
    return latest === undefined ? [] : schemaDifference(schema, JSON.parse(latest.schema));
  } catch {
    return []; // the message is complete without it
  }
}

function asFailure({ url }: RegistryConnection, cause: unknown): Failure {
  if (cause instanceof RegistryDenied) return cause;
  const message = `Cannot reach the Schema Registry at ${url}: ${reasonOf(cause)}; ` +
    `start it with deno task up, or set SCHEMA_REGISTRY_URL`;
  return new Failure(EXIT.unavailable, message, { cause });
}
