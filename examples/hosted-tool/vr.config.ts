import { fileURLToPath } from "node:url";
import { defineConfig } from "vr-gateway";
import { defaults } from "vr-gateway/plugins/defaults";
import { fileSearch } from "./file-search.ts";

const folder = fileURLToPath(new URL("../mcp/docs", import.meta.url));

export default defineConfig({ plugins: [...defaults(), fileSearch({ folder })] });
