import type { Type, types } from "avsc";
import type { BodyReader } from "./body_reader.ts";
import { branchesOf, underlying } from "./writer_type.ts";

/** Skips one value; throws if the bytes are not one. */
export type Skip = (body: BodyReader) => void;

/** How to skip a value of `type`. `known` holds the types met so far, because a type may contain itself. */
export function skipperOf(type: Type, known = new Map<Type, Skip>()): Skip {
  const plain = underlying(type);
  const found = known.get(plain);
  if (found !== undefined) return found;
  known.set(plain, (body) => skip(body));
  const skip = build(plain, (inner) => skipperOf(inner, known));
  return skip;
}

function build(type: Type, skipper: (inner: Type) => Skip): Skip {
  const branches = branchesOf(type)?.map(skipper);
  if (branches !== undefined) return (body) => branches[body.branch(branches.length)](body);
  switch (type.typeName) {
    case "null":
      return () => {};
    case "boolean":
      return (body) => body.skip(1);
    case "int":
    case "long":
    case "enum":
      return (body) => body.skipLong();
    case "float":
      return (body) => body.skip(4);
    case "double":
      return (body) => body.skip(8);
    case "bytes":
    case "string":
      return (body) => void body.skipText();
    case "fixed": {
      const { size } = type as types.FixedType;
      return (body) => body.skip(size);
    }
    case "array":
      return blocksOf(skipper((type as types.ArrayType).itemsType));
    case "map": {
      const value = skipper((type as types.MapType).valuesType);
      return blocksOf((body) => {
        body.skipText();
        value(body);
      });
    }
    case "record":
    case "error": {
      const fields = (type as types.RecordType).fields.map((field) => skipper(field.type));
      return (body) => {
        for (const field of fields) field(body);
      };
    }
    default:
      throw new Error(`a type "${type.typeName}" is not known`);
  }
}

function blocksOf(item: Skip): Skip {
  return (body) => {
    for (let items = body.blockItems(); items > 0; items = body.blockItems()) {
      for (let index = 0; index < items; index++) item(body);
    }
  };
}
