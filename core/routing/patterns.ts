/**
 * Whether a pattern, in which `*` means any text, matches a model's whole name. The time is linear in the name, since
 * names come from clients.
 */
export function matches(pattern: string, name: string): boolean {
  const [prefix = "", ...others] = pattern.split("*");
  const suffix = others.pop();
  if (suffix === undefined) return pattern === name;
  if (!name.startsWith(prefix)) return false;
  let at = prefix.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - at >= suffix.length && name.endsWith(suffix);
}

/** Whether `earlier` matches every name that `later` matches. */
export function covers(earlier: string, later: string): boolean {
  // A star in `later` is treated as text, which only a star in `earlier` can match.
  return matches(earlier, later);
}

/** Whether a pattern names one model. */
export function isExact(pattern: string): boolean {
  return !pattern.includes("*");
}
