/**
 * Whether a pattern, in which `*` stands for any text, matches a model's name as a whole. Takes time in
 * proportion to the name: it comes from clients.
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

/** Whether every name that `later` matches is matched by `earlier` too. */
export function covers(earlier: string, later: string): boolean {
  // The stars of `later` are text that only a star of `earlier` can match.
  return matches(earlier, later);
}

/** Whether a pattern names one model. */
export function isExact(pattern: string): boolean {
  return !pattern.includes("*");
}
