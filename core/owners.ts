/** Which plugin brought what: a tool, a tool kind, an upstream. */
const owners = new WeakMap<object, string>();

/** Remembers whose it is. */
export function ownedBy<T extends object>(plugin: string, thing: T): T {
  owners.set(thing, plugin);
  return thing;
}

/** The plugin that brought it; `undefined` for what is the core's own. */
export function ownerOf(thing: object): string | undefined {
  return owners.get(thing);
}
