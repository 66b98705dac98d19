import { createContext, Script } from "node:vm";

/** Milliseconds for all patterns of one request together: clients write them, and some never end. */
const MOST_MS = 200;
const FIND = new Script("samples.find((sample) => new RegExp(pattern, 'u').test(sample))");
const context = createContext({});

/** Finds texts that match the patterns of a request's schemas, while there is time left. */
export class PatternSearch {
  #leftMs = MOST_MS;

  /** The first text that matches. `undefined` also if the pattern is invalid or the time is up. */
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
