import { defineConfig } from "vr-gateway";
import shipped from "../../vr.config.ts";

/** The shipped configuration with `POST /gc`, for memory figures. Run with `node --expose-gc`. */
export default defineConfig({
  ...shipped,
  plugins: [
    ...shipped.plugins,
    {
      name: "gc",
      setup(vr) {
        vr.router.post("/gc", (ctx) => {
          (globalThis as { gc?: () => void }).gc?.();
          ctx.body = { rss: process.memoryUsage.rss() };
        });
      },
    },
  ],
});
