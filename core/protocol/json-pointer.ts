/** What a reference within a JSON document leads to, `#` or `#/$defs/city`; `undefined` where it leads nowhere, or out of it. */
export function atPointer(root: unknown, reference: string): unknown {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let at = root;
  for (const step of reference.slice(2).split("/")) {
    const name = unescaped(step);
    if (name === undefined || typeof at !== "object" || at === null || !Object.hasOwn(at, name))
      return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** In URLs, `~1` is `/`, `~0` is `~`. */
function unescaped(step: string): string | undefined {
  try {
    return decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return undefined;
  }
}
