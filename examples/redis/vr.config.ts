import { defineConfig } from "vr-gateway";
import { demo } from "vr-gateway/plugins/demo";
import { logger } from "vr-gateway/plugins/logger";
import { storeKeyv } from "vr-gateway/plugins/store-keyv";

export default defineConfig({
  plugins: [
    demo(),
    storeKeyv({
      redis: {
        // VR_REDIS_URL is over this one. A password belongs there, not into a file.
        url: "redis://127.0.0.1:6379",
        // In front of every key: several gateways that are to know nothing of each other may share a Redis.
        namespace: "example",
        // Until a request is told that the store cannot be used.
        timeoutMs: 1_000,
      },
      ttlDays: 7,
    }),
    logger(),
  ],
});
