import { defineConfig } from "vr-gateway";
import { defaults } from "vr-gateway/plugins/defaults";
import { demo } from "vr-gateway/plugins/demo";
import { supportHours } from "./support-hours.ts";

export default defineConfig({ plugins: [demo(), ...defaults({ upstream: false }), supportHours()] });
