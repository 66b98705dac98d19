import { defineConfig } from "vr-gateway";
import { storeSqlite } from "vr-gateway/plugins/store-sqlite";
import { llamaCpp } from "vr-gateway/plugins/upstream-llama-cpp";

// Default: http://127.0.0.1:8080/v1. LLAMA_CPP_BASE_URL overrides it.
export default defineConfig({
  plugins: [llamaCpp({ baseUrl: process.env.LLAMA_CPP_BASE_URL }), storeSqlite()],
});
