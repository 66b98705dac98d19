let last: Promise<void> = Promise.resolve();

/**
 * Lets other work run before a long step. No two callers continue in the same iteration of the event loop, so that
 * several large requests delay others by only one step at a time.
 */
export function stepAside(): Promise<void> {
  last = last.then(() => new Promise((resolve) => setImmediate(resolve)));
  return last;
}
