import { defineConfig } from "vr-gateway";
import { demo } from "vr-gateway/plugins/demo";
import { logger } from "vr-gateway/plugins/logger";
import { storeSqlite } from "vr-gateway/plugins/store-sqlite";

// The configuration that runs when you have none. Copy it beside your own plugins and change it; every
// option is documented in README.md. Plugins are set up, and their hooks run, in this order.
export default defineConfig({
  plugins: [
    // The model server. VR_UPSTREAM=http://127.0.0.1:8000/v1 (or --upstream) takes the place of this one;
    // to write it here instead:
    //   import { openaiCompatible } from "vr-gateway/plugins/upstream-openai-compatible";
    //   openaiCompatible({ baseUrl: "http://127.0.0.1:8000/v1" }),
    demo(),

    // Keeps responses for previous_response_id. VR_DB_PATH says where; ":memory:" forgets them at the end.
    // VR_REDIS_URL=redis://127.0.0.1:6379 puts them into Redis instead.
    storeSqlite(),

    // One line per response on standard error. No contents.
    logger(),
  ],
});
