import { defineConfig } from "vr-gateway";
import { demo } from "vr-gateway/plugins/demo";
import { wordCount } from "./word-count.ts";

export default defineConfig({ plugins: [demo(), wordCount()] });
