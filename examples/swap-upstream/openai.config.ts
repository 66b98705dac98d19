import { defineConfig } from "vr-gateway";
import { storeSqlite } from "vr-gateway/plugins/store-sqlite";
import { openai } from "vr-gateway/plugins/upstream-openai";

// https://api.openai.com/v1 unless OPENAI_BASE_URL says otherwise; the key is OPENAI_API_KEY.
export default defineConfig({ plugins: [openai({ baseUrl: process.env.OPENAI_BASE_URL }), storeSqlite()] });
