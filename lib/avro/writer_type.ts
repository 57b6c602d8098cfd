import avro, { type Type, type types } from "avsc";

/** A schema as the registry has it, as JSON. */
export interface WriterSchema {
  schema: string;
  /** The schemas that define the types it refers to, as JSON, each after those it refers to itself. */
  references?: readonly string[];
}

/** avsc drops logical types it was not told about; this one keeps the name and leaves values as they are. */
class KeptLogicalType extends avro.types.LogicalType {
  protected override _fromValue(value: unknown): unknown {
    return value;
  }

  protected override _toValue(value: unknown): unknown {
    return value;
  }
}

const ALL_LOGICAL_TYPES = new Proxy({}, { get: () => KeptLogicalType });

/** The type of a writer's schema; throws if the schema is invalid. */
export function writerType({ schema, references = [] }: WriterSchema): Type {
  const registry = Object.create(null); // a type may be called "constructor"
  const typeOf = (text: string) => avro.Type.forSchema(JSON.parse(text), { registry, logicalTypes: ALL_LOGICAL_TYPES });
  references.forEach(typeOf);
  return typeOf(schema);
}

/** The type without its logical type. */
export function underlying(type: Type): Type {
  return avro.Type.isType(type, "logical") ? (type as types.LogicalType).underlyingType : type;
}

/** The branches of a union; undefined for another type. */
export function branchesOf(type: Type): readonly Type[] | undefined {
  return avro.Type.isType(type, "union") ? (type as types.UnwrappedUnionType).types : undefined;
}

/** The name of its logical type; undefined for a type without. */
export function logicalTypeOf(type: Type): string | undefined {
  return avro.Type.isType(type, "logical") ? type.typeName.slice("logical:".length) : undefined;
}

/** A type as a person writes it: `string`, `long (timestamp-millis)`, `record com.example.Address`. */
export function describeType(type: Type): string {
  const { typeName, name } = underlying(type);
  const logicalType = logicalTypeOf(type);
  const described = name === undefined ? typeName : `${typeName} ${name}`;
  return logicalType === undefined ? described : `${described} (${logicalType})`;
}
