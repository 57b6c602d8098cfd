import type { RegistryConnection } from "../connections.ts";
import { registryHttp } from "./registry_http.ts";
import { changedFields } from "./schema_difference.ts";

/** A registered schema, and what is new in it. */
export interface SubjectVersion {
  version: number;
  id: number;
  /** Pretty-printed JSON. */
  schema: string;
  /** What differs from the version before, as of `changedFields`; empty for the first one. */
  difference: string[];
}

/**
 * The latest versions of `subject`, oldest first, `most` at most; none if there is no such subject. Rejects like
 * `registryHttp`. Permission: net.
 */
export async function subjectVersions(
  connection: RegistryConnection,
  subject: string,
  most: number,
): Promise<SubjectVersion[]> {
  const ask = registryHttp(connection);
  const path = `/subjects/${encodeURIComponent(subject)}/versions`;
  const versions: SubjectVersion[] = [];
  let before: unknown;
  for (const version of (await ask<number[]>(path) ?? []).slice(-most)) {
    const found = await ask<{ id: number; schema: string }>(`${path}/${version}`);
    if (found === undefined) continue; // deleted meanwhile
    const parsed = parse(found.schema);
    const difference = before === undefined ? [] : changedFields(before, parsed);
    versions.push({ version, id: found.id, schema: JSON.stringify(parsed, undefined, 2), difference });
    before = parsed;
  }
  return versions;
}

function parse(schema: string): unknown {
  try {
    return JSON.parse(schema);
  } catch {
    return schema; // another kind than Avro
  }
}
