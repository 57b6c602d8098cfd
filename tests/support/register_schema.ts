import { registryHttp } from "../../lib/avro/registry_http.ts";
import { testRegistry } from "./kafka.ts";

/** Registers `schema` under `subject` the way another client would; its id. Permission: net. */
export async function registerSchema(subject: string, schema: unknown, registry = testRegistry()): Promise<number> {
  const request = { method: "POST", body: { schema: JSON.stringify(schema) } };
  return (await registryHttp(registry)<{ id: number }>(`/subjects/${subject}/versions`, request))!.id;
}
