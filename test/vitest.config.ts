import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

export default defineConfig({
  root: root(""),
  resolve: {
    alias: [
      { find: /^vr-gateway$/, replacement: root("core/index.ts") },
      { find: /^vr-gateway\/plugins\/(.*)$/, replacement: `${root("plugins/")}$1/index.ts` },
    ],
  },
  test: { include: ["test/**/*.test.ts"], testTimeout: 20_000, hookTimeout: 30_000 },
});
