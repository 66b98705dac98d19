import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Written {
  /** `core/secrets.ts:26` */
  place: string;
  /** `undefined` where it is made of what only runs know. */
  expression: RegExp | undefined;
}

/** All regular expressions that stand in the files of a folder: literals, and those made with `RegExp`. */
export function expressionsIn(folder: string): Written[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file.replaceAll("\\", "/")))
    .filter((file) => file.endsWith(".ts") && !file.includes("/node_modules/"))
    .flatMap((file) => expressionsOf(readFileSync(join(root, file), "utf8"), file));
}

export function expressionsOf(code: string, file: string): Written[] {
  const written: Written[] = [];
  const visit = (node: unknown) => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (!isNode(node)) return;
    const expression = node.regex ? literal(node) : isMaking(node) ? made(node) : undefined;
    if (node.regex || isMaking(node))
      written.push({ place: `${file}:${code.slice(0, node.start).split("\n").length}`, expression });
    Object.values(node).forEach(visit);
  };
  visit(parseSync(file, code).program);
  return written;
}

/** What of a syntax tree (ESTree) is read here. */
interface Node {
  type: string;
  start: number;
  name?: string;
  value?: unknown;
  regex?: { pattern: string; flags: string };
  callee?: Node;
  arguments?: Node[];
  quasis?: { value: { cooked: string } }[];
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

const isMaking = ({ type, callee }: Node) =>
  (type === "NewExpression" || type === "CallExpression") && callee?.name === "RegExp";

const literal = ({ regex }: Node) => new RegExp(regex?.pattern ?? "", regex?.flags);

function made({ arguments: [pattern, flags] = [] }: Node): RegExp | undefined {
  const source = textOf(pattern);
  return source === undefined ? undefined : new RegExp(source, textOf(flags));
}

/** What a template puts in is taken for a word. */
function textOf(node: Node | undefined): string | undefined {
  if (typeof node?.value === "string") return node.value;
  return node?.quasis?.map(({ value }) => value.cooked).join("word");
}
