/** Which test files which command runs. `npm run test:all` runs every one. */

/**
 * Left out of `npm test`: they start many processes, interpreters or databases, build or install packages, or compute
 * for long.
 */
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
  "test/plugins/code-interpreter/pyodide-bare-host.test.ts",
  "test/plugins/code-interpreter/pyodide-orphans.test.ts",
  "test/plugins/code-interpreter/pyodide-snapshot.test.ts",
  "test/package.test.ts",
  "test/plugins/mcp/children.test.ts",
  "test/plugins/mcp/secret-paths.test.ts",
  "test/regular-expressions.test.ts",
];

/** Random matrices and kills: a few rounds with fixed seeds, and many rounds with new seeds by `npm run test:long`. */
export const LONG: readonly string[] = [
  "test/e2e/killed-gateway.test.ts",
  "test/plugins/code-interpreter/pyodide-orphans.test.ts",
  "test/plugins/dialect-responses/mixed-mistakes.test.ts",
];

/**
 * Their files share a process and its modules, one after the other, which saves loading the gateway for each of them.
 * Their tests set no environment and start no process, and `helpers/nothing-left.ts` asserts that each file leaves the
 * process as it was.
 */
export const SHARED: readonly string[] = [
  "test/hooks",
  "test/http",
  "test/pipeline",
  "test/plugins/dialect-chat",
  "test/plugins/dialect-responses",
  "test/plugins/remote-policy",
  "test/plugins/upstream-http",
  "test/protocol",
  "test/routing",
];

/** Files of these folders that start processes or set the environment. */
const ALONE: readonly string[] = [
  "test/http/client-leaves.test.ts",
  "test/http/endpoints.test.ts",
  "test/http/errors.test.ts",
  "test/http/frames.test.ts",
  "test/http/web-pages.test.ts",
  "test/pipeline/broken-arguments.test.ts",
  "test/routing/command.test.ts",
  "test/routing/trace.test.ts",
];

export function isShared(file: string): boolean {
  return SHARED.some((folder) => file.startsWith(`${folder}/`)) && !ALONE.includes(file);
}
