import { defineConfig } from "vr-gateway";
import { storeSqlite } from "vr-gateway/plugins/store-sqlite";
import { ollama } from "vr-gateway/plugins/upstream-ollama";

// http://127.0.0.1:11434/v1 unless OLLAMA_BASE_URL says otherwise.
export default defineConfig({ plugins: [ollama({ baseUrl: process.env.OLLAMA_BASE_URL }), storeSqlite()] });
