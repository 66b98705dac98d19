import { defineConfig } from "vr-gateway";
import { defaults } from "vr-gateway/plugins/defaults";
import { demo } from "vr-gateway/plugins/demo";
import { guardBlocklist } from "vr-gateway/plugins/guard-blocklist";
import { guardCards } from "./guard-cards.ts";
import { guardCode } from "./guard-code.ts";

export default defineConfig({
  plugins: [
    demo(),
    ...defaults({ upstream: false }),
    guardCards(),
    guardCode(),
    // The demo model says the second phrase to users who give their name, so you can see an answer stopped.
    guardBlocklist({ words: ["project falcon", "nice to meet you"] }),
  ],
});
