let last: Promise<void> = Promise.resolve();

/**
 * Lets everybody else run before a step that takes long. No two callers go on in the same iteration of the event loop:
 * of several large requests, each holds up the others and the small ones for one of its steps at a time.
 */
export function stepAside(): Promise<void> {
  last = last.then(() => new Promise((resolve) => setImmediate(resolve)));
  return last;
}
