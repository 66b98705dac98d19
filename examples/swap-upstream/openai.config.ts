import { defineConfig } from "vr-gateway";
import { storeSqlite } from "vr-gateway/plugins/store-sqlite";
import { openai } from "vr-gateway/plugins/upstream-openai";

// Default: https://api.openai.com/v1. OPENAI_BASE_URL overrides it. The key is OPENAI_API_KEY.
export default defineConfig({ plugins: [openai({ baseUrl: process.env.OPENAI_BASE_URL }), storeSqlite()] });
