import { defineConfig } from "vr-gateway";
import { defaults } from "vr-gateway/plugins/defaults";
import { plainText } from "./plain-text.ts";

export default defineConfig({
  plugins: [
    plainText({ url: process.env.PLAIN_TEXT_URL || "http://127.0.0.1:9000/" }),
    ...defaults({ upstream: false }),
  ],
});
