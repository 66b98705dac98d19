/** Suites and tests whose condition is not met carry the reason in their name and are not run. */
interface Skipping {
  /** For `it.skipIf` and `describe.skipIf`. */
  readonly skip: boolean;
  /** The name, with the reason behind it when it is skipped. */
  readonly title: string;
}

/**
 * A test that needs something which not every machine has. In CI nothing is left out in silence.
 *
 * @throws Error in CI (`CI` is set, and not to "" or "false") when the condition is not met
 */
export function skipUnless(condition: boolean, reason: string, title: string): Skipping {
  if (condition) return { skip: false, title };
  const { CI } = process.env;
  if (CI && CI !== "false") throw new Error(`"${title}" cannot be skipped in CI: ${reason}`);
  // The reporter of a run that passes names no skipped test.
  console.info(`skipped: ${title}: ${reason}`);
  return { skip: true, title: `${title} (skipped: ${reason})` };
}
