import { defineConfig } from "vr-gateway";
import { defaults } from "vr-gateway/plugins/defaults";
import { demo } from "vr-gateway/plugins/demo";
import { jsonLines } from "./json-lines.ts";

export default defineConfig({
  plugins: [
    demo(),
    ...defaults({
      upstream: false,
      // On standard error: a line per response, and at the end one per tap.
      logger: { fields: ["id", "status", "ms", "turns", "tools", "usage"], taps: true },
    }),
    // On standard output.
    jsonLines(),
  ],
});
