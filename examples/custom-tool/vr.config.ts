import { defineConfig } from "vr-gateway";
import { defaults } from "vr-gateway/plugins/defaults";
import { demo } from "vr-gateway/plugins/demo";
import { wordCount } from "./word-count.ts";

export default defineConfig({ plugins: [demo(), ...defaults({ upstream: false }), wordCount()] });
