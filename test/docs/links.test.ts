import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { describe, expect, it } from "vitest";
import { anchorsOf, linksOf, root, textAt } from "../helpers/markdown.ts";
import { npm } from "../helpers/npm.ts";
import { tempFolder } from "../helpers/temp-folder.ts";

/** Folders that hold texts, beside those of the checkout itself. */
const FOLDERS = ["docs", "core", "plugins", "examples", "test"];

const isText = (file: string) => file.endsWith(".md");

function textsOfCheckout(): string[] {
  const own = readdirSync(root).filter(isText);
  const inside = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((file) => join(folder, file.replaceAll("\\", "/")))
      // What other projects wrote, as it was recorded.
      .filter((file) => isText(file) && !file.startsWith("test/fixtures/")),
  );
  return [...own, ...inside];
}

/** The files of the package, without what is built. */
async function filesOfPackage(): Promise<string[]> {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const command = npm("npm", args, { cwd: root, cache: tempFolder(), node: process.execPath });
  const { code, stdout, stderr } = await command.finished;
  expect(code, stderr).toBe(0);
  const packed: unknown = JSON.parse(stdout);
  // A list in older versions of npm, an object by the package's name in newer ones.
  const [{ files }] = Object.values(packed as object) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path).filter((path) => !path.startsWith("dist/"));
}

/** What a link needs: which files there are, and the text of one. */
interface Place {
  exists(path: string): boolean;
  textAt(path: string): string;
}

/** The links of the text at `path` that lead nowhere. Addresses on the web are not looked up. */
function deadLinks(path: string, place: Place): string[] {
  return linksOf(place.textAt(path)).filter((link) => {
    if (/^[a-z]+:/i.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    if (target.startsWith("..") || !place.exists(target)) return true;
    return anchor !== undefined && !anchorsOf(place.textAt(target)).has(anchor);
  });
}

const deadIn = (texts: readonly string[], place: Place) =>
  texts.flatMap((text) => deadLinks(text, place).map((link) => `${text}: ${link}`));

describe("links", () => {
  it("lead somewhere in the checkout", () => {
    const texts = textsOfCheckout();
    expect(texts).toContain("plugins/mcp/README.md");
    expect(deadIn(texts, { exists: (path) => existsSync(join(root, path)), textAt })).toEqual([]);
  });

  it("lead somewhere in the package", async () => {
    const files = await filesOfPackage();
    const texts = files.filter(isText);
    for (const text of ["README.md", "docs/README.md", "plugins/mcp/README.md", "examples/mcp/README.md"])
      expect(texts).toContain(text);
    expect(deadIn(texts, { exists: (path) => files.includes(path), textAt })).toEqual([]);
  });
});

describe("a dead link", () => {
  const files = new Map([["other.md", "# Here\n## `vr check`\n## Twice\n## Twice\n"]]);
  const deadOf = (markdown: string) =>
    deadLinks("docs/page.md", {
      exists: (path) => files.has(path) || path === "docs/page.md",
      textAt: (path) => files.get(path) ?? markdown,
    });

  it.each([
    ["to a file", "[a](missing.md)", "missing.md"],
    ["to a file of the wrong folder", "[a](other.md)", "other.md"],
    ["to a file outside of the project", "[a](../../other.md)", "../../other.md"],
    ["to a heading of its own text", "# Here\n[a](#there)", "#there"],
    ["to a heading of another text", "[a](../other.md#there)", "../other.md#there"],
    ["to a picture", "![a](missing.svg)", "missing.svg"],
    ["with a title", '[a](missing.md "Missing")', "missing.md"],
    ["with a label", "[a][b]\n\n[b]: missing.md", "missing.md"],
    ["in HTML", '<img src="missing.svg">', "missing.svg"],
  ])("%s is found", (_what, markdown, link) => {
    expect(deadOf(markdown)).toEqual([link]);
  });

  it.each([
    ["to a heading of its own text", "# Some words, here\n[a](#some-words-here)"],
    ["to code in a heading", "[a](../other.md#vr-check)"],
    ["to the second heading of that name", "[a](../other.md#twice-1)"],
    ["to the web", "[a](https://vr.example.com/missing#there)"],
    ["in code", "`[a](b.md)`\n\n```\n[c](d.md)\n```\n"],
  ])("is none that leads %s", (_what, markdown) => {
    expect(deadOf(markdown)).toEqual([]);
  });
});
