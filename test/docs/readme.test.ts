import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PARAMETERS } from "../../core/protocol/create-response.ts";
import { toolTypeClass } from "../../core/protocol/tool-types.ts";
import manifest from "../../package.json" with { type: "json" };
import { blocksOf, root, TEXTS, textAt } from "../helpers/markdown.ts";
import { SLOW } from "../runs.ts";

const QUOTED = {
  "README.md": ["examples/first-plugin/vr.config.ts"],
  "docs/guide/write-a-plugin.md": [
    "examples/custom-tool/word-count.ts",
    "examples/custom-tool/vr.config.ts",
    "examples/own-setting/support-hours.ts",
    "examples/guardrail/guard-cards.ts",
    "examples/hosted-tool/file-search.ts",
    "examples/custom-store/memory-store.ts",
    "examples/custom-upstream/plain-text.ts",
  ],
};

describe.each(Object.entries(QUOTED))("%s", (text, paths) => {
  it.each(paths)("quotes %s as it is", (path) => {
    expect(textAt(text)).toContain(`\`\`\`ts\n${textAt(path)}\`\`\``);
  });
});

it("README.md can be read in one go", () => {
  expect(textAt("README.md").split("\n").length).toBeLessThanOrEqual(151);
});

it("a tool and a guardrail take some 20 lines", () => {
  const [sample] = blocksOf(textAt("README.md")).filter(({ language }) => language === "ts");
  expect(sample?.text.split("\n").length).toBeLessThanOrEqual(23);
});

describe("CONTRIBUTING.md", () => {
  const quick = readdirSync(`${root}test`, { recursive: true, encoding: "utf8" })
    .map((file) => `test/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".test.ts") && !SLOW.includes(file));
  const commands = [...textAt("CONTRIBUTING.md").matchAll(/npm test -- ((?:test\/\S+ ?)+)/g)];
  const paths = commands.flatMap(([, list = ""]) => list.replaceAll("`", "").trim().split(" "));

  it("names paths for an area", () => {
    expect(paths.length).toBeGreaterThanOrEqual(10);
  });

  it.each([...new Set(paths)])("npm test -- %s runs something", (path) => {
    const place = path.replace("NAME", "");
    expect(quick.filter((file) => file.includes(place))).not.toEqual([]);
  });

  it("names scripts that package.json has", () => {
    const scripts = [...textAt("CONTRIBUTING.md").matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
    expect(scripts).toContain("check");
    for (const script of scripts) expect(manifest.scripts).toHaveProperty([script as string]);
  });
});

it("docs/README.md leads to every example", () => {
  const examples = readdirSync(`${root}examples`);
  expect(examples).toContain("guardrail");
  for (const example of examples)
    expect(textAt("docs/README.md")).toContain(`](../examples/${example}/README.md)`);
});

it("docs/README.md leads to every page", () => {
  const index = textAt("docs/README.md");
  const pages = TEXTS.filter((text) => /^docs\/\w+\//.test(text));
  expect(pages.length).toBeGreaterThanOrEqual(14);
  for (const page of pages) expect(index).toContain(`](${page.slice("docs/".length)})`);
});

it("docs/reference/api.md lists what is refused because it is not built", () => {
  const api = textAt("docs/reference/api.md");
  const section = api.slice(api.indexOf("## Not supported yet"), api.indexOf("## Limits"));
  const values: Record<string, unknown> = { background: true, truncation: "auto" };
  const refused = [...PARAMETERS].flatMap(([name, check]) =>
    /not supported yet/.test(check(values[name] ?? {})?.text ?? "") ? [name] : [],
  );
  expect(refused).toContain("conversation");
  const tools = ["custom", "namespace", "shell", "local_shell", "apply_patch", "computer", "tool_search"];
  for (const tool of tools) expect(toolTypeClass(tool), tool).toBe("client");
  for (const name of [...refused, ...tools]) expect(section, name).toContain(`\`${name}`);
});
