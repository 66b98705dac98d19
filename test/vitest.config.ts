import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Needs a model server and its weights, which are fetched by hand: opt-in, and no skipped test otherwise. */
const realModel = process.env.VR_REAL_MODEL === "1" ? [] : ["test/e2e/real-model/**"];

if (realModel.length > 0)
  console.log("left out: test/e2e/real-model, which needs VR_REAL_MODEL=1 and what its fetch.sh fetches");

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
    exclude: [...configDefaults.exclude, ...realModel],
    // Model servers are loaded one after the other: each takes all cores.
    fileParallelism: realModel.length > 0,
    // Vitest leaves a core to itself, which of two is one too many.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
