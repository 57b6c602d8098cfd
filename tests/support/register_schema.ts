import { registryHttp } from "../../lib/avro/registry_http.ts";
import type { SchemaReference } from "../../lib/avro/schema_references.ts";
import { testRegistry } from "./kafka.ts";

/** A registry that has just started is slow at first, on a busy machine above all. */
const PATIENCE_MS = 30_000;

/** Registers `schema` under `subject` the way another client would; its id. Permission: net. */
export async function registerSchema(
  subject: string,
  schema: unknown,
  { references = [], registry = testRegistry() }: {
    references?: readonly SchemaReference[];
    registry?: { url: string };
  } = {},
): Promise<number> {
  const body = { schema: JSON.stringify(schema), references };
  const request = { method: "POST", body, signal: AbortSignal.timeout(PATIENCE_MS) };
  return (await registryHttp(registry)<{ id: number }>(`/subjects/${subject}/versions`, request))!.id;
}

/** Sets the compatibility level of `subject`, which has a schema already. Permission: net. */
export async function setCompatibility(subject: string, compatibility: string): Promise<void> {
  await registryHttp(testRegistry())(`/config/${subject}`, {
    method: "PUT",
    body: { compatibility },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}
