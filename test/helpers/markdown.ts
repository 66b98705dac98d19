import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const textAt = (path: string): string => readFileSync(join(root, path), "utf8");

/** The texts that people read first: README.md, the guide, the reference, and what stands in the same folders. */
export const TEXTS = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file.replaceAll("\\", "/")))
    .sort(),
];

/** A fenced block of a text. */
export interface Block {
  /** `bash`, `ts` and so on; empty for what a command prints. */
  readonly language: string;
  readonly text: string;
  /** Line of the fence, from 1. */
  readonly line: number;
}

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  for (const match of markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [, language = "", text = ""] = match;
    blocks.push({ language, text, line: markdown.slice(0, match.index).split("\n").length });
  }
  return blocks;
}

/** The rows of all tables whose header has these cells, without the markdown around a cell. */
export function rowsOf(markdown: string, header: readonly string[]): string[][] {
  const lines = markdown.split("\n").map((line) =>
    line.startsWith("|")
      ? line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim())
      : undefined,
  );
  const rows: string[][] = [];
  lines.forEach((cells, i) => {
    if (cells?.join() !== header.join()) return;
    for (let at = i + 2; lines[at]; at++) rows.push(lines[at] as string[]);
  });
  return rows;
}

/** `[text](link)`, `[text](link "title")`, `[label]: link`, and attributes of HTML. */
const LINK = /\]\(\s*<?([^)\s>]+)|^\[[^\]\n]+\]:\s*<?([^\s>]+)|\b(?:href|src)="([^"]+)"/gm;

/** Links of a text, in the order in which they stand, without those in code. */
export function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "`code`");
  return [...prose.matchAll(LINK)].map(([, ...forms]) => forms.find((form) => form !== undefined) ?? "");
}

/** What headings of a text are linked by, as forges make it: words in lower case, hyphens between them. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$/gm, "");
  for (const [, heading = ""] of prose.matchAll(/^#{1,6} (.*)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}
