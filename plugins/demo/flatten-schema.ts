import { atPointer, isObject, type JsonSchema } from "../../core/index.ts";
import type { Room } from "./room.ts";

/** Most references in a row, and most levels of `allOf`. More are treated as a circle. */
const MAX_HOPS = 12;

/**
 * A schema without `$ref`, `anyOf`, `oneOf` and `allOf` at its top. References are followed and `allOf` is merged. The
 * first alternative that is not null is taken, or null if that is preferred, since it ends a recursion.
 */
export function flattenSchema(
  open: unknown,
  root: JsonSchema,
  prefersNull: boolean,
  room: Room,
  depth = 0,
): JsonSchema {
  let schema: JsonSchema = isObject(open) ? open : {};
  for (let hops = 0; hops < MAX_HOPS; hops++) {
    room.take(Object.keys(schema).length);
    if (room.isFull || depth > MAX_HOPS) return {};
    const { $ref, anyOf, oneOf, allOf, ...rest } = schema;
    const choices = anyOf ?? oneOf;
    if (typeof $ref === "string") schema = { ...resolveRef($ref, root), ...rest };
    else if (Array.isArray(choices)) schema = { ...rest, ...firstOf(choices, prefersNull) };
    else if (Array.isArray(allOf))
      schema = allOf.reduce(
        (all, part) => merge(all, flattenSchema(part, root, prefersNull, room, depth + 1), room),
        rest,
      );
    else return schema;
  }
  return schema;
}

function firstOf(choices: unknown[], prefersNull: boolean): JsonSchema {
  const isNull = (choice: unknown) => isObject(choice) && choice.type === "null";
  const found = choices.find((choice) => isNull(choice) === prefersNull) ?? choices[0];
  return isObject(found) ? found : {};
}

function merge(a: JsonSchema, b: JsonSchema, room: Room): JsonSchema {
  if (room.isFull) return a;
  const required = [...asList(a.required), ...asList(b.required)];
  const properties = { ...(a.properties as object), ...(b.properties as object) };
  room.take(required.length + Object.keys(properties).length);
  return {
    ...a,
    ...b,
    ...(required.length ? { required } : {}),
    ...(Object.keys(properties).length ? { properties } : {}),
  };
}

function resolveRef(ref: string, root: JsonSchema): JsonSchema {
  const found = atPointer(root, ref);
  return isObject(found) ? found : {};
}

export function asList(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
