import { z } from "zod";
import { definePlugin } from "../../core/index.ts";
import { createDemo } from "./upstream.ts";

export { createDemo, type DemoOptions } from "./upstream.ts";

/** The upstream for trying vr without any model server. */
export const demo = definePlugin({
  name: "demo",
  options: z.object({ delayMs: z.number().int().min(0).max(10_000).default(15) }),
  setup(vr, options) {
    vr.upstreams.add(createDemo(options));
  },
});
