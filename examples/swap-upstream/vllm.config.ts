import { defineConfig } from "vr-gateway";
import { storeSqlite } from "vr-gateway/plugins/store-sqlite";
import { vllm } from "vr-gateway/plugins/upstream-vllm";

// Default: http://127.0.0.1:8000/v1. VLLM_BASE_URL overrides it.
export default defineConfig({ plugins: [vllm({ baseUrl: process.env.VLLM_BASE_URL }), storeSqlite()] });
