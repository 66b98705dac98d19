import { atPointer, isObject, type JsonSchema } from "../../../core/index.ts";

/** What `$ref` leads to; `undefined` where it leads nowhere, or out of the schema: nothing is fetched. */
export type Resolve = (reference: string) => JsonSchema | undefined;

/** Of one schema. Each reference is followed once, however often it comes. */
export function referencesOf(root: JsonSchema): Resolve {
  const known = new Map<string, JsonSchema | undefined>();
  let anchors: ReadonlyMap<string, JsonSchema> | undefined;
  return (reference) => {
    if (known.has(reference)) return known.get(reference);
    anchors ??= anchorsOf(root);
    const found = reference === "#" ? root : (anchors.get(reference) ?? atPointer(root, reference));
    const target = isObject(found) ? found : undefined;
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
