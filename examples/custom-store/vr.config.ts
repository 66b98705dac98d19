import { defineConfig } from "vr-gateway";
import { defaults } from "vr-gateway/plugins/defaults";
import { memoryStore } from "./memory-store.ts";

export default defineConfig({ plugins: [...defaults({ store: false }), memoryStore({ most: 100 })] });
