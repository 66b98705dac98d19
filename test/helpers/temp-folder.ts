import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

const made: string[] = [];
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder outside of the project with these files in it; gone after the test file. */
export function tempFolder(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "vr-test-"));
  made.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/**
 * The path of a configuration of its own folder: `options` is the source text of `defineConfig`'s argument, `head` what
 * stands in front.
 */
export function tempConfig(options: string, head = ""): string {
  const plugins = {
    defaults: "defaults",
    demo: "demo",
    findServer: "find-server",
    openaiCompatible: "upstream-openai-compatible",
    vllm: "upstream-vllm",
    ollama: "upstream-ollama",
    openai: "upstream-openai",
    llamaCpp: "upstream-llama-cpp",
    storeSqlite: "store-sqlite",
    storeKeyv: "store-keyv",
    logger: "logger",
    codeInterpreter: "code-interpreter",
    passthrough: "passthrough",
  };
  const used = Object.entries(plugins).filter(([name]) => new RegExp(`\\b${name}\\(`).test(options));
  const imports = used.map(([name, from]) => `import { ${name} } from "vr-gateway/plugins/${from}";\n`);
  const text = `import { defineConfig, definePlugin } from "vr-gateway";\n${imports.join("")}${head}\nexport default defineConfig(${options});\n`;
  return join(tempFolder({ "vr.config.ts": text }), "vr.config.ts");
}
