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

/** What has changed from one registered schema to the next: `- field: type` and `+ field: type`; parsed JSON. */
export function changedFields(before: unknown, after: unknown): string[] {
  const [old, now] = [before, after].map((schema) => fieldsOf(schema));
  if (old === undefined || now === undefined) {
    return typeName(before) === typeName(after) ? [] : [`- ${typeName(before)}`, `+ ${typeName(after)}`];
  }
  const lines = (sign: string, fields: Map<string, Field>, others: Map<string, Field>) =>
    [...fields.values()].map(described).filter(({ name, text }) =>
      !others.has(name) || described(others.get(name)!).text !== text
    ).map(({ text }) => `${sign} ${text}`);
  return [...lines("-", old, now), ...lines("+", now, old)];
}

function described({ name, type, ...rest }: Field): { name: string; text: string } {
  const fallback = "default" in rest ? ` = ${JSON.stringify(rest.default)}` : "";
  return { name, text: `${name}: ${typeName(type)}${fallback}` };
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
