import { defineConfig } from "vr-gateway";
import { demo } from "vr-gateway/plugins/demo";
import { logger } from "vr-gateway/plugins/logger";
import { storeKeyv } from "vr-gateway/plugins/store-keyv";

export default defineConfig({
  plugins: [
    demo(),
    storeKeyv({
      redis: {
        // VR_REDIS_URL overrides this URL. Put a password there, not into a file.
        url: "redis://127.0.0.1:6379",
        // The prefix of every key, so that independent gateways can share a Redis.
        namespace: "example",
        // Milliseconds after which a request gets the error that the store cannot be used.
        timeoutMs: 1_000,
      },
      ttlDays: 7,
    }),
    logger(),
  ],
});
