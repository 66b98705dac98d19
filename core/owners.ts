/** Which plugin added a tool, a tool kind or an upstream. */
const owners = new WeakMap<object, string>();

/** Remembers which plugin added it. */
export function ownedBy<T extends object>(plugin: string, thing: T): T {
  owners.set(thing, plugin);
  return thing;
}

/** The plugin that added it; `undefined` if it is the core's own. */
export function ownerOf(thing: object): string | undefined {
  return owners.get(thing);
}
