import { defineConfig } from "vr-gateway";
import { demo } from "vr-gateway/plugins/demo";
import { logger } from "vr-gateway/plugins/logger";
import { jsonLines } from "./json-lines.ts";

export default defineConfig({
  plugins: [
    demo(),
    // On standard error: a line per response, and at the end one per tap.
    logger({ fields: ["id", "status", "ms", "turns", "tools", "usage"], taps: true }),
    // On standard output.
    jsonLines(),
  ],
});
