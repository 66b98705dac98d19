import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { defineConfig } from "../../core/config.ts";
import { PARAMETERS } from "../../core/protocol/create-response.ts";
import { toolTypeClass } from "../../core/protocol/tool-types.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const fileAt = (path: string) => readFileSync(`${root}${path}`, "utf8");
const readme = fileAt("README.md");

/** The cells of every row of the table whose header begins so. */
function tableOf(header: RegExp): string[][] {
  const rows = readme.slice(readme.search(header)).split("\n");
  const end = rows.findIndex((row) => !row.startsWith("|"));
  return rows.slice(2, end).map((row) => row.split("|").map((cell) => cell.trim()));
}

describe("README.md", () => {
  it.each(["examples/custom-tool/word-count.ts", "examples/guardrail/guard-cards.ts"])(
    "quotes %s as it is",
    (path) => {
      expect(readme).toContain(`\`\`\`ts\n${fileAt(path)}\`\`\``);
    },
  );

  const settings = tableOf(/^\| flag +\| variable +\|/m);

  it("has every configuration key with its default", () => {
    const { limits, timeouts, reasoningEvents } = defineConfig({ plugins: [] });
    const named = (group: string, values: Record<string, number>) =>
      Object.entries(values).map(([key, value]) => [`${group}.${key}`, value.toLocaleString("en-US")]);
    const expected = [
      ...named("limits", limits),
      ...named("timeouts", timeouts),
      ["reasoningEvents", `\`${reasoningEvents}\``],
    ];
    for (const [key, value] of expected)
      expect(settings.find((row) => row[3] === `\`${key}\``)?.[4], key).toBe(value);
  });

  it("has every flag and variable that vr --help names", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["core/cli.ts", "--help"], { cwd: root });
    const options = stdout.slice(stdout.indexOf("Options"));
    const names = [...options.matchAll(/^ {2}(--\w+)|\b(VR_[A-Z_]+)/gm)].map((match) => match[1] ?? match[2]);
    expect(new Set(names).size).toBeGreaterThanOrEqual(10);
    for (const name of names)
      expect(
        settings.some((row) => [row[1], row[2]].some((cell) => cell?.startsWith(`\`${name}`))),
        name,
      ).toBe(true);
  });

  it("lists what is refused because it is not built", () => {
    const section = readme.slice(readme.indexOf("## Not supported yet"), readme.indexOf("## Limits"));
    const values: Record<string, unknown> = { background: true, truncation: "auto" };
    const refused = [...PARAMETERS].flatMap(([name, check]) =>
      /not supported yet/.test(check(values[name] ?? {})?.text ?? "") ? [name] : [],
    );
    expect(refused).toContain("conversation");
    const tools = ["custom", "namespace", "shell", "local_shell", "apply_patch", "computer", "tool_search"];
    for (const tool of tools) expect(toolTypeClass(tool), tool).toBe("client");
    for (const name of [...refused, ...tools]) expect(section, name).toContain(`\`${name}`);
  });

  it("links only to what exists", () => {
    const links = [...readme.matchAll(/\]\((?!http|#)([^)]+)\)/g)].map((match) => match[1] as string);
    expect(links).toContain("core/README.md");
    for (const link of links) expect(() => fileAt(link), link).not.toThrow();
  });
});
