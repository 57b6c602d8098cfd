import { testRegistry } from "./kafka.ts";

/** Registers `schema` under `subject` the way another client would; its id. Permission: net. */
export async function registerSchema(subject: string, schema: unknown): Promise<number> {
  const response = await fetch(`${testRegistry().url}/subjects/${subject}/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ schema: JSON.stringify(schema) }),
  });
  const { id, message } = await response.json();
  if (id === undefined) throw new Error(`The registry refuses the schema under ${subject}: ${message}`);
  return id;
}
