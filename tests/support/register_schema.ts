import { registryHttp } from "../../lib/avro/registry_http.ts";
import type { SchemaReference } from "../../lib/avro/schema_references.ts";
import { testRegistry } from "./kafka.ts";

/** Registers `schema` under `subject` the way another client would; its id. Permission: net. */
export async function registerSchema(
  subject: string,
  schema: unknown,
  { references = [], registry = testRegistry() }: {
    references?: readonly SchemaReference[];
    registry?: { url: string };
  } = {},
): Promise<number> {
  const request = { method: "POST", body: { schema: JSON.stringify(schema), references } };
  return (await registryHttp(registry)<{ id: number }>(`/subjects/${subject}/versions`, request))!.id;
}

/** Sets the compatibility level of `subject`, which has a schema already. Permission: net. */
export async function setCompatibility(subject: string, compatibility: string): Promise<void> {
  await registryHttp(testRegistry())(`/config/${subject}`, { method: "PUT", body: { compatibility } });
}
