import { createContext, Script } from "node:vm";

/** Milliseconds that all patterns of one request may take together: clients write them, and some never end. */
const MOST_MS = 200;
const FIND = new Script("samples.find((sample) => new RegExp(pattern, 'u').test(sample))");
const context = createContext({});

/** Finds texts that fit the patterns of a request's schemas, while there is time left for it. */
export class PatternSearch {
  #leftMs = MOST_MS;

  /** The first that fits. `undefined` also when the pattern is none, or there is no time. */
  find(pattern: string, samples: readonly string[]): string | undefined {
    if (this.#leftMs < 1) return undefined;
    const begun = performance.now();
    try {
      return FIND.runInContext(Object.assign(context, { pattern, samples }), {
        timeout: Math.floor(this.#leftMs),
      });
    } catch {
      return undefined;
    } finally {
      this.#leftMs -= performance.now() - begun;
    }
  }
}
