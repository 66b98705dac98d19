import type { JsonSchema } from "../../../core/index.ts";
import { isObject } from "./repair-node.ts";

/** What `#/…` leads to; `undefined` where it leads nowhere, or out of the schema: nothing is fetched. */
export function resolveReference(root: JsonSchema, reference: string): JsonSchema | undefined {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return anchored(root, reference);
  let at: unknown = root;
  for (const step of reference.slice(2).split("/")) {
    const name = unescaped(step);
    if (name === undefined || typeof at !== "object" || at === null || !Object.hasOwn(at, name))
      return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return isObject(at) ? at : undefined;
}

/** `#name`, of a definition with that `$anchor` or `$id`. */
function anchored(root: JsonSchema, reference: string): JsonSchema | undefined {
  if (!reference.startsWith("#")) return undefined;
  for (const definitions of [root.$defs, root.definitions])
    if (isObject(definitions))
      for (const each of Object.values(definitions))
        if (isObject(each) && (each.$anchor === reference.slice(1) || each.$id === reference)) return each;
  return undefined;
}

/** JSON pointers in URLs: `~1` is `/`, `~0` is `~`. */
function unescaped(step: string): string | undefined {
  try {
    return decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return undefined;
  }
}
