import type { Ask } from "./registry_http.ts";

/** References followed for one schema, at any depth: each costs a request, and anybody may register them. */
const MAX_REFERENCES = 20;

/** A type that a schema takes from another schema, as the registry describes it. */
export interface SchemaReference {
  name: string;
  subject: string;
  version: number;
}

/** What a schema stands for in the registry. */
export interface RegisteredSchema {
  schema: string;
  /** Missing for Avro. */
  schemaType?: string;
  references?: readonly SchemaReference[];
}

/**
 * The schemas that `schema` refers to, as JSON, each after those it refers to itself; or why they cannot be fetched.
 *
 * A reference names a version, which never changes, so whoever may register a schema decides what it refers to.
 */
export async function referencedSchemas(
  ask: Ask,
  schema: RegisteredSchema,
): Promise<{ references: string[] } | { missing: string }> {
  const references: string[] = [];
  const followed = new Set<string>();
  const follow = async (from: RegisteredSchema): Promise<string | undefined> => {
    for (const { name, subject, version } of from.references ?? []) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${encodeURIComponent(version)}`;
      if (followed.has(path)) continue;
      if (followed.add(path).size > MAX_REFERENCES) return `more than ${MAX_REFERENCES} other schemas`;
      // Deleted versions count: messages outlive them.
      const found = await ask<RegisteredSchema>(`${path}?deleted=true`);
      if (found === undefined) return `${name} in version ${version} of ${subject}, which is not in the registry`;
      const missing = await follow(found);
      if (missing !== undefined) return missing;
      references.push(found.schema);
    }
  };
  const missing = await follow(schema);
  return missing === undefined ? { references } : { missing };
}
