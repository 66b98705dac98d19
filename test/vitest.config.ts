import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { isShared, LONG, SLOW } from "./runs.ts";

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** They need a model server and its weights, which are fetched by hand: opt-in, and no skipped test otherwise. */
const REAL = [
  ["test/e2e/real-model", "VR_REAL_MODEL", "fetch.sh"],
  ["test/e2e/real-vllm", "VR_REAL_VLLM", "install.sh"],
] as const;
const unwished = REAL.filter(([, wish]) => process.env[wish] !== "1");

for (const [folder, wish, script] of unwished)
  console.log(`left out: ${folder}, which needs ${wish}=1 and what its ${script} installs`);

// Tests start vr some two hundred times: what was compiled once need not be again, in workers and in what they start.
process.env.NODE_COMPILE_CACHE ??= root("node_modules/.cache/vr-compiled");

const HOUR_MS = 3_600_000;

/** Everything, unless the mode is "quick" (`npm test`) or "long" (`npm run test:long`). */
export default defineConfig(({ mode }) => {
  const all = globSync("test/**/*.test.ts", { cwd: root("") }).filter(
    (file) => !unwished.some(([folder]) => file.startsWith(`${folder}/`)),
  );
  const files =
    mode === "long" ? [...LONG] : mode === "quick" ? all.filter((file) => !SLOW.includes(file)) : all;
  if (mode === "quick") console.log(`left out: ${SLOW.length} slow files, which npm run test:all runs`);
  return {
    root: root(""),
    resolve: {
      alias: [
        { find: /^vr-gateway$/, replacement: root("core/index.ts") },
        { find: /^vr-gateway\/plugins\/(.*)$/, replacement: `${root("plugins/")}$1/index.ts` },
      ],
    },
    test: {
      env: { VR_TEST_LONG: mode === "long" ? "1" : "" },
      // Model servers are loaded one after the other: each takes all cores.
      fileParallelism: unwished.length === REAL.length,
      // Vitest leaves a core to itself, which of two is one too many.
      maxWorkers: Math.max(2, availableParallelism() - 1),
      testTimeout: mode === "long" ? HOUR_MS : 60_000,
      hookTimeout: 60_000,
      projects: [
        {
          extends: true,
          test: {
            name: "shared",
            include: files.filter(isShared),
            isolate: false,
            restoreMocks: true,
            unstubGlobals: true,
            setupFiles: ["test/helpers/nothing-left.ts"],
          },
        },
        { extends: true, test: { name: "own", include: files.filter((file) => !isShared(file)) } },
      ],
    },
  };
});
