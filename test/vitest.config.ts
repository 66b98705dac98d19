import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** They need a model server and its weights, which are fetched by hand: opt-in, and no skipped test otherwise. */
const REAL = [
  ["test/e2e/real-model", "VR_REAL_MODEL", "fetch.sh"],
  ["test/e2e/real-vllm", "VR_REAL_VLLM", "install.sh"],
] as const;
const leftOut = REAL.filter(([, wish]) => process.env[wish] !== "1");

for (const [folder, wish, script] of leftOut)
  console.log(`left out: ${folder}, which needs ${wish}=1 and what its ${script} installs`);

// Tests start vr some two hundred times: what was compiled once need not be again, in workers and in what they start.
process.env.NODE_COMPILE_CACHE ??= root("node_modules/.cache/vr-compiled");

export default defineConfig({
  root: root(""),
  resolve: {
    alias: [
      { find: /^vr-gateway$/, replacement: root("core/index.ts") },
      { find: /^vr-gateway\/plugins\/(.*)$/, replacement: `${root("plugins/")}$1/index.ts` },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, ...leftOut.map(([folder]) => `${folder}/**`)],
    // Model servers are loaded one after the other: each takes all cores.
    fileParallelism: leftOut.length === REAL.length,
    // Vitest leaves a core to itself, which of two is one too many.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
