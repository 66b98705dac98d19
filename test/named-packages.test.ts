import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const files = ["README.md", "CONTRIBUTING.md", ...["core", "plugins", "examples", "docs"].flatMap(filesIn)];

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(?:ts|mjs|js|py|sh|md|json)$/.test(file) && !file.includes("node_modules"))
    .map((file) => join(folder, file));
}

/** A file, a package under a scope that has an owner, or what is installed and nothing else. */
const OWNED = /^(?:(?:-p |-y |--yes )*(?:\.{0,2}\/\S+|@modelcontextprotocol\/\S+)|--no )/;

/** A command: at the beginning of a line, or quoted. */
const COMMAND = /(?:^|["'`])[ \t]*(?:npx|npm exec|pnpm dlx|yarn dlx|bunx)[ \t]+([-@./\w][^\n]*)/gm;

/** What a text tells people to run from a registry by a name that anybody may register there. */
function strangers(text: string): string[] {
  const told = text.replaceAll(/",\s*"args":\s*\["/g, " ").replaceAll('", "', " ");
  return [...told.matchAll(COMMAND)].map(([, what = ""]) => what).filter((what) => !OWNED.test(what));
}

it("no text tells people to run a package that a stranger could register", () => {
  const found = files.flatMap((file) =>
    strangers(readFileSync(join(root, file), "utf8")).map((what) => `${file}: npx ${what}`),
  );
  expect(found).toEqual([]);
});

it.each([
  'run "npx -p node@24 -p vr-gateway vr start"',
  "npx vr start",
  "npx -y vr-gateway",
  '{ "command": "npx", "args": ["-y", "some-server"] }',
])("finds %s", (text) => {
  expect(strangers(text)).toHaveLength(1);
});
