import { defineConfig } from "vr-gateway";
import { logger } from "vr-gateway/plugins/logger";
import { storeSqlite } from "vr-gateway/plugins/store-sqlite";
import { openaiCompatible } from "vr-gateway/plugins/upstream-openai-compatible";

// A server that is down, and the one that answers in its place: what a fallback costs. UPSTREAM is where the
// second is; with BREAKER=0 the first is tried for every request. See RESULTS.md.
export default defineConfig({
  plugins: [
    openaiCompatible({
      name: "down",
      baseUrl: "http://127.0.0.1:9/v1",
      retries: 0,
      breakerFailures: Number(process.env.BREAKER ?? 5),
    }),
    openaiCompatible({ name: "up", baseUrl: process.env.UPSTREAM ?? "http://127.0.0.1:9100/v1" }),
    storeSqlite(),
    logger(),
  ],
  routes: [{ model: "*", to: "down", fallbacks: "up" }],
});
