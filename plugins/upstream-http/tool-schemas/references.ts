import { atPointer, isObject, type JsonSchema } from "../../../core/index.ts";

/** Finds the schema that a `$ref` names; `undefined` if it is not in this schema. Nothing is fetched. */
export type Resolve = (reference: string) => JsonSchema | undefined;

/** Resolves the references of one schema. Each is looked up once, however often it occurs. */
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

/** The definitions by `#name`, which is their `$anchor` or `$id`. */
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
