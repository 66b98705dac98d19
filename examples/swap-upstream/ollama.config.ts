import { defineConfig } from "vr-gateway";
import { storeSqlite } from "vr-gateway/plugins/store-sqlite";
import { ollama } from "vr-gateway/plugins/upstream-ollama";

// Default: http://127.0.0.1:11434/v1. OLLAMA_BASE_URL overrides it.
export default defineConfig({ plugins: [ollama({ baseUrl: process.env.OLLAMA_BASE_URL }), storeSqlite()] });
