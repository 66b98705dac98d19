/** Which test files which command runs. `npm run test:all` runs every one. */

/** Left out of `npm test`: they start many processes, interpreters or databases, or install packages. */
export const SLOW: readonly string[] = [
  "test/e2e/code-interpreter.test.ts",
  "test/e2e/discovery.test.ts",
  "test/e2e/keyv-postgres.test.ts",
  "test/e2e/log-readers.test.ts",
  "test/e2e/package-install.test.ts",
  "test/e2e/redis-url.test.ts",
  "test/plugins/code-interpreter/jupyter.test.ts",
  "test/plugins/code-interpreter/jupyter-bad-days.test.ts",
  "test/plugins/code-interpreter/jupyter-removal.test.ts",
  "test/plugins/code-interpreter/jupyter-server-down.test.ts",
  "test/plugins/code-interpreter/pyodide-bad-days.test.ts",
  "test/plugins/code-interpreter/pyodide-orphans.test.ts",
  "test/plugins/code-interpreter/pyodide-snapshot.test.ts",
  "test/plugins/mcp/children.test.ts",
  "test/plugins/mcp/secret-paths.test.ts",
];

/** Random matrices and kills: a few rounds with fixed seeds, and many rounds with new seeds by `npm run test:long`. */
export const LONG: readonly string[] = [
  "test/plugins/code-interpreter/pyodide-orphans.test.ts",
  "test/plugins/dialect-responses/mixed-mistakes.test.ts",
];
