/** Which test files which command runs. `npm run test:all` runs every one. */

/**
 * Left out of `npm test`: they start many processes, browsers or databases, install packages, or wait for real time to
 * pass.
 */
export const SLOW: readonly string[] = ["test/e2e/cli.test.ts", "test/e2e/discovery.test.ts"];

/** Random matrices and kills: a few rounds with fixed seeds, and many rounds with new seeds by `npm run test:long`. */
export const LONG: readonly string[] = [
  "test/plugins/code-interpreter/pyodide-orphans.test.ts",
  "test/plugins/dialect-responses/mixed-mistakes.test.ts",
];
