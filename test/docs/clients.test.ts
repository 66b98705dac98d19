import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { blocksOf, root, textAt } from "../helpers/markdown.ts";
import { skipUnless } from "../helpers/skip.ts";
import { tempFolder } from "../helpers/temp-folder.ts";

const run = promisify(execFile);
/** Inside of the checkout, where the clients' packages are. */
const folder = join(root, "node_modules/.cache", `vr-clients-${process.pid}`);

let gateway: Gateway;
beforeAll(async () => {
  // The AI SDK's sample names an MCP server of the operator's.
  const server = { command: process.execPath, args: [join(root, "examples/mcp/docs-server.ts")] };
  const config = tempFolder({ "mcp.json": JSON.stringify({ mcpServers: { files: server } }) });
  gateway = await startGateway({
    env: { VR_UPSTREAM_KIND: "demo", VR_MCP_CONFIG_PATH: join(config, "mcp.json") },
  });
  mkdirSync(folder, { recursive: true });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await gateway?.stop();
});

/** The sample of a text that holds these words. */
function sample(text: string, language: string, words: string): string {
  const found = blocksOf(textAt(text)).filter(
    (block) => block.language === language && block.text.includes(words),
  );
  expect(found).toHaveLength(1);
  return found[0]?.text.replaceAll("http://127.0.0.1:5969", gateway.url) ?? "";
}

async function output(program: string, file: string, code: string): Promise<string> {
  writeFileSync(join(folder, file), code);
  const env = { ...process.env, no_proxy: "*" };
  return (await run(program, [join(folder, file)], { env })).stdout;
}

const GUIDE = "docs/guide/clients.md";

describe("samples for clients", () => {
  it("OpenAI's SDK for JavaScript continues a conversation and streams it", async () => {
    const code = sample(GUIDE, "js", 'from "openai"');
    expect(await output(process.execPath, "openai.mjs", code)).toBe("Your name is Ada. (demo model)");
  });

  it("Vercel's AI SDK gets an answer that the code interpreter brought", async () => {
    const code = sample(GUIDE, "js", "@ai-sdk/openai");
    expect(await output(process.execPath, "ai.mjs", code)).toContain("120");
  });
});

const python = skipUnless(
  spawnSync("python3", ["-c", "from openai import OpenAI; OpenAI(api_key='x').responses.stream"]).status ===
    0,
  "needs python3 with the package openai",
  "samples for clients in Python",
);

describe.skipIf(python.skip)(python.title, () => {
  it("README.md: an answer in four lines", async () => {
    const code = sample("README.md", "python", "import OpenAI");
    expect(await output("python3", "readme.py", code)).toContain("(demo model)");
  });

  it("OpenAI's SDK for Python continues a conversation and streams it", async () => {
    const code = sample(GUIDE, "python", "import OpenAI");
    expect(await output("python3", "openai_sdk.py", code)).toBe("Your name is Ada. (demo model)");
  });
});
