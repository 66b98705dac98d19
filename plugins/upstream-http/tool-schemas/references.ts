import { isObject, type JsonSchema } from "../../../core/index.ts";

/** What `$ref` leads to; `undefined` where it leads nowhere, or out of the schema: nothing is fetched. */
export type Resolve = (reference: string) => JsonSchema | undefined;

/** Of one schema. Each reference is followed once, however often it comes. */
export function referencesOf(root: JsonSchema): Resolve {
  const known = new Map<string, JsonSchema | undefined>();
  let anchors: ReadonlyMap<string, JsonSchema> | undefined;
  return (reference) => {
    if (known.has(reference)) return known.get(reference);
    anchors ??= anchorsOf(root);
    const target = reference === "#" ? root : (anchors.get(reference) ?? atPointer(root, reference));
    known.set(reference, target);
    return target;
  };
}

/** `#name`, of definitions with that `$anchor` or `$id`. */
function anchorsOf(root: JsonSchema): Map<string, JsonSchema> {
  const anchors = new Map<string, JsonSchema>();
  for (const definitions of [root.$defs, root.definitions])
    if (isObject(definitions))
      for (const each of Object.values(definitions)) {
        if (!isObject(each)) continue;
        if (typeof each.$anchor === "string") anchors.set(`#${each.$anchor}`, each);
        if (typeof each.$id === "string" && each.$id.startsWith("#")) anchors.set(each.$id, each);
      }
  return anchors;
}

/** JSON pointers: `#/$defs/city`. */
function atPointer(root: JsonSchema, reference: string): JsonSchema | undefined {
  if (!reference.startsWith("#/")) return undefined;
  let at: unknown = root;
  for (const step of reference.slice(2).split("/")) {
    const name = unescaped(step);
    if (name === undefined || typeof at !== "object" || at === null || !Object.hasOwn(at, name))
      return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return isObject(at) ? at : undefined;
}

/** In URLs, `~1` is `/`, `~0` is `~`. */
function unescaped(step: string): string | undefined {
  try {
    return decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return undefined;
  }
}
