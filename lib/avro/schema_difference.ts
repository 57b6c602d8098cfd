interface Field {
  name: string;
  type: unknown;
  default?: unknown;
}

/**
 * How the record schema `ours` differs from a registered one, field by field, in sentences for a person; both are
 * parsed JSON. Empty if only names, docs or the order of fields differ.
 */
export function schemaDifference(ours: unknown, registered: unknown): string[] {
  const fields = fieldsOf(ours);
  const theirs = fieldsOf(registered);
  if (fields === undefined || theirs === undefined) {
    return typeName(ours) === typeName(registered)
      ? []
      : [`it is ${typeName(registered)} there, ${typeName(ours)} here`];
  }
  const added = [...fields.values()].filter(({ name }) => !theirs.has(name)).map(({ name, type, ...rest }) =>
    `"${name}" (${typeName(type)}) is not there${"default" in rest ? "" : " and has no default here"}`
  );
  const changed = [...fields.values()].filter(({ name, type }) =>
    theirs.has(name) && typeName(theirs.get(name)!.type) !== typeName(type)
  ).map(({ name, type }) => `"${name}" is ${typeName(theirs.get(name)!.type)} there, ${typeName(type)} here`);
  const missing = [...theirs.values()].filter(({ name }) => !fields.has(name)).map(({ name, type }) =>
    `"${name}" (${typeName(type)}) is not here`
  );
  return [...added, ...changed, ...missing];
}

function fieldsOf(schema: unknown): Map<string, Field> | undefined {
  const { fields } = Object(schema) as { fields?: unknown };
  return Array.isArray(fields) ? new Map(fields.map((field: Field) => [field.name, field])) : undefined;
}

/** A type as a person writes it: `string`, `long (timestamp-millis)`, else its JSON. */
function typeName(type: unknown): string {
  if (typeof type === "string") return type;
  const { type: base, logicalType, ...rest } = Object(type) as Record<string, unknown>;
  if (typeof base === "string" && Object.keys(rest).length === 0) {
    return logicalType === undefined ? base : `${base} (${logicalType})`;
  }
  return JSON.stringify(type);
}
