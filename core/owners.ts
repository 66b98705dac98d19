/** Which plugin added a tool, a tool kind or an upstream. */
const owners = new WeakMap<object, string>();

/** Remembers which plugin added a thing. */
export function ownedBy<T extends object>(plugin: string, thing: T): T {
  owners.set(thing, plugin);
  return thing;
}

/** The plugin that added a thing; `undefined` for the core's own. */
export function ownerOf(thing: object): string | undefined {
  return owners.get(thing);
}
