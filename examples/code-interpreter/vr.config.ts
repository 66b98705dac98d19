import { defineConfig } from "vr-gateway";
import { codeInterpreter, jupyter } from "vr-gateway/plugins/code-interpreter";
import { demo } from "vr-gateway/plugins/demo";
import { storeSqlite } from "vr-gateway/plugins/store-sqlite";

export default defineConfig({
  plugins: [
    demo(),
    storeSqlite(),
    codeInterpreter({
      runtime: jupyter({
        url: process.env.VR_JUPYTER_URL ?? "http://127.0.0.1:8888",
        memoryMiB: 2_048, // per process of a kernel
      }),
      spares: 1, // kernels that are started before they are needed
      startAhead: true,
      limits: {
        executionMs: 30_000,
        sessions: 16, // most kernels at once
        concurrent: 8,
        idleMs: 10 * 60_000,
      },
    }),
  ],
});
