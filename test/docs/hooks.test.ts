import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, textOf } from "../helpers/ask.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { anchorsOf, blocksOf, textAt } from "../helpers/markdown.ts";
import { tempFolder } from "../helpers/temp-folder.ts";

/** What the samples act on: a model without delay, and two tools. */
const CONFIG = `
import { defineConfig, definePlugin } from "vr-gateway";
import { demo } from "vr-gateway/plugins/demo";
import { defaults } from "vr-gateway/plugins/defaults";
import { SAMPLES } from "./samples.ts";

const tools = definePlugin({
  name: "tools",
  setup(vr) {
    const parameters = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };
    const description = "For tests.";
    vr.tools.add({ name: "delete_file", description, parameters, execute: () => "deleted" });
    vr.tools.add({ name: "read_address", description, parameters, execute: () => "https://ada:secret@vr.example.com" });
  },
});

export default defineConfig({
  plugins: [demo({ delayMs: 0 }), ...defaults({ upstream: false, mcp: false }), tools(), SAMPLES],
});
`;

const HOOKS = ["beforeUpstream", "onChunk", "onOutputItem", "onToolCall", "onComplete"];
const reference = textAt("docs/reference/hooks.md");

/** The part of the reference under the heading of a hook. */
function sectionOf(hook: string): string {
  const begins = reference.indexOf(`\n## ${hook}\n`);
  return reference.slice(begins, reference.indexOf("\n## ", begins + 1));
}

describe.each(HOOKS)("docs/reference/hooks.md: %s", (hook) => {
  it("has a heading, and says when it runs, what it may return and what an error does", () => {
    expect(anchorsOf(reference)).toContain(hook.toLowerCase());
    for (const part of ["**When:**", "**May return:**", "**On error:**"])
      expect(sectionOf(hook)).toContain(part);
  });

  it("has an example that taps it", () => {
    const [example] = blocksOf(sectionOf(hook));
    expect(example?.text).toContain(`vr.hooks.${hook}.tap(`);
  });
});

describe("the examples of docs/reference/hooks.md", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    const folder = tempFolder();
    const names = HOOKS.map((hook) => {
      const code = blocksOf(sectionOf(hook))[0]?.text ?? "";
      writeFileSync(join(folder, `${hook}.ts`), code);
      return [hook, /export const (\w+)/.exec(code)?.[1]];
    });
    const imports = names.map(([hook, name]) => `import { ${name} } from "./${hook}.ts";`).join("\n");
    const plugins = names.map(([, name]) => `${name}()`).join(", ");
    writeFileSync(
      join(folder, "vr.config.ts"),
      CONFIG.replace("SAMPLES]", `${plugins}]`).replace(/import { SAMPLES.*\n/, `${imports}\n`),
    );
    gateway = await startGateway({ config: join(folder, "vr.config.ts") });
  });
  afterAll(() => gateway?.stop());

  it("beforeUpstream answers without a model server", async () => {
    expect(textOf(await ask(gateway, { input: "hello", model: "ping" }))).toBe("pong");
  });

  it("beforeUpstream refuses a conversation that is too long", async () => {
    const input = Array.from({ length: 201 }, () => ({ role: "user", content: "hello" }));
    await expect(ask(gateway, { input })).rejects.toThrow(/status 403.*too long/);
  });

  it("onChunk replaces text and drops reasoning", async () => {
    const response = await ask(gateway, {
      input: "What is 6 * 7?",
      reasoning: { effort: "low" },
      tool_choice: "none",
    });
    expect(textOf(response)).toBe("6 × 7 = 42. (demo model)");
    expect(response.output.map(({ type }) => type)).toEqual(["message"]);
  });

  it("onOutputItem changes what a tool brought, for the client and for the model", async () => {
    const response = await ask(gateway, { input: 'Use read_address with {"path": "a"}' });
    expect(response.output[0]).toMatchObject({ type: "mcp_call", name: "read_address" });
    expect(textOf(response)).toContain("vr.example.com");
    expect(JSON.stringify(response)).not.toContain("secret");
  });

  it("onToolCall denies one call and asks the client about another", async () => {
    const denied = await ask(gateway, { input: 'Use delete_file with {"path": "/"}' });
    expect(denied.output[0]).toMatchObject({ type: "mcp_call", status: "failed" });
    expect(JSON.stringify(denied.output)).toContain("never the whole disk");
    const asked = await ask(gateway, { input: 'Use delete_file with {"path": "notes.txt"}' });
    expect(asked.output).toMatchObject([{ type: "mcp_approval_request", name: "delete_file" }]);
  });

  it("onComplete logs a line for each response", async () => {
    await ask(gateway, { input: "hello", model: "ping" });
    await expect.poll(gateway.stderr).toMatch(/"status":"completed","httpStatus":200,"ms":\d+.*"measured"/);
  });
});
