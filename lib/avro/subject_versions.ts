import type { RegistryConnection } from "../connections.ts";
import { registryHttp } from "./registry_http.ts";

/** A registered schema. */
export interface SubjectVersion {
  version: number;
  id: number;
  /** As the registry has it. */
  schema: string;
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
  for (const version of (await ask<number[]>(path) ?? []).slice(-most)) {
    const found = await ask<SubjectVersion>(`${path}/${version}`);
    if (found !== undefined) versions.push({ version, id: found.id, schema: found.schema });
  }
  return versions;
}
