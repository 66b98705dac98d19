import { PluginError } from "./errors.ts";
import type { Tap } from "./hook-taps.ts";

/**
 * Sorts the taps of one hook: by stage, then by registration. A tap with `before` runs before every tap of that name,
 * whatever their stages.
 * @throws PluginError when there is no such tap, or when two taps must run before each other
 */
export function inOrder<T extends Tap<unknown>>(taps: readonly T[]): T[] {
  const order = taps.toSorted((a, b) => (a.options.stage ?? 0) - (b.options.stage ?? 0));
  const placing = new Set<T>();
  const placed = new Set<T>();
  const place = (tap: T): void => {
    if (tap.options.before === undefined || placed.has(tap)) return;
    if (placing.has(tap)) throw inCircle([...placing]);
    placing.add(tap);
    const others = othersOf(tap, taps);
    // Place the others first: one that moved forward later would overtake this tap.
    for (const other of others) place(other);
    const first = Math.min(...others.map((other) => order.indexOf(other)));
    const at = order.indexOf(tap);
    if (at > first) order.splice(first, 0, ...order.splice(at, 1));
    placing.delete(tap);
    placed.add(tap);
  };
  for (const tap of taps) place(tap);
  return order;
}

/** The taps that `tap` runs before. */
function othersOf<T extends Tap<unknown>>(tap: T, taps: readonly T[]): T[] {
  const { before } = tap.options;
  const others = taps.filter((other) => other !== tap && other.name === before);
  if (others.length > 0) return others;
  const names = [...new Set(taps.filter((other) => other !== tap).map(({ name }) => `"${name}"`))];
  const there = names.length > 0 ? `its taps are ${names.join(", ")}` : "it has no other tap";
  throw new PluginError(
    `plugin "${tap.plugin}" taps ${tap.hook} before "${before}", but there is no such tap: ${there}`,
  );
}

function inCircle(taps: readonly Tap<unknown>[]): PluginError {
  const names = taps.map(({ name }) => `"${name}"`).join(", ");
  return new PluginError(`taps of ${taps[0]?.hook} must each run before the other: ${names}`);
}
