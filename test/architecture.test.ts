import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };

/**
 * Imports go one way: a file may import what stands in its own layer or below. Files of `core/` itself that
 * no other line names are contracts: what plugins and pipeline share (hooks, tools, stores, upstreams …).
 */
const LAYERS: readonly RegExp[] = [
  /^core\/(errors|ids|secrets)\.ts$/,
  /^core\/protocol\//,
  /^core\/context\.ts$/,
  /^core\/(?!(?:errors|ids|secrets|context|gateway|config|cli|index)\b)[a-z-]+\.ts$/,
  /^core\/routing\//,
  /^core\/response\//,
  /^core\/pipeline\//,
  /^core\/http\//,
  /^core\/gateway(-[a-z-]+)?\.ts$/,
  /^core\/config(-[a-z-]+)?\.ts$/,
  /^core\/cli(-[a-z-]+)?\.ts$/,
  /^core\/testing\//,
];
/** What tests check vr with. The running gateway never loads it. */
const TESTING = "core/testing/";
const PUBLIC_ENTRY = "core/index.ts";
/** The only file of the core that knows a plugin: it loads those that flags and variables name. */
const COMPOSITION_ROOT = new Set(["core/cli-brought.ts"]);
/** The command: it may name what plugins are for. */
const COMMAND = /^core\/cli(-[a-z-]+)?\.ts$/;
/** What the rest of the core does not name, in any spelling. */
const VENDOR = /jupyter|redis|sqlite|pyodide|ollama|vllm|llama/i;
/** What those of its folders do not name either that requests pass through. */
const FOREIGN = /chat[ _-]?completions?/i;
/** What several plugins have in common, and who may import it. */
const SHARED_BY = new Map([
  ["plugins/dialect-chat/index.ts", /^(upstream-|dialect-)/],
  ["plugins/dialect-responses/index.ts", /^upstream-/],
  ["plugins/upstream-http/index.ts", /^upstream-/],
  // Whoever fetches what a request names: a server, an image, a file. Dialects fetch nothing.
  ["plugins/remote-policy/index.ts", /^(?!dialect-)/],
]);
/** The plugins that know others: one is the former name of another; one chooses among servers, and loads the one that it chose; one is the shipped set. */
const KNOWS = new Map([
  ["chat-passthrough", /^plugins\/passthrough\/index\.ts$/],
  ["find-server", /^plugins\/(upstream-[a-z-]+|demo)\/index\.ts$/],
  ["defaults", /^plugins\/(find-server|store-sqlite|code-interpreter|mcp|logger)\/index\.ts$/],
]);
const DEFAULT_PRESENTATION = "core/response/default-presentation.ts";
const GENERATED = "core/protocol/wire.ts";
const MOST_LINES = 260;

const root = fileURLToPath(new URL("../", import.meta.url));
const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file.replaceAll("\\", "/")))
    .filter((file) => file.endsWith(".ts") && !file.includes("/node_modules/"));
const textOf = (file: string) => readFileSync(join(root, file), "utf8");

const core = filesIn("core");
const plugins = filesIn("plugins");

/** `import … from "x"`, `export … from "x"`, `import "x"` and `import("x")`. */
function importsOf(text: string): string[] {
  const statements = /^[ \t]*(?:import|export)\b(?:[^;"']*?\bfrom)?\s*["']([^"']+)["']/gm;
  const calls = /\bimport\(\s*["']([^"']+)["']/g;
  return [...text.matchAll(statements), ...text.matchAll(calls)].map((match) => match[1] as string);
}

const targetOf = (file: string, specifier: string) =>
  specifier.startsWith(".") ? join(dirname(file), specifier) : specifier;
const layerOf = (file: string) => LAYERS.findIndex((layer) => layer.test(file));

/** Why a file of the core may not import this; `undefined` if it may. */
function coreViolation(file: string, specifier: string): string | undefined {
  const target = targetOf(file, specifier);
  if (target.startsWith("vr-gateway")) return "the core does not import itself by name";
  if (target.startsWith(TESTING)) return file.startsWith(TESTING) ? undefined : "only tests import this";
  if (target.startsWith("plugins/"))
    return COMPOSITION_ROOT.has(file) ? undefined : "only the composition root imports plugins";
  if (!specifier.startsWith(".") || file === PUBLIC_ENTRY) return undefined;
  if (target === PUBLIC_ENTRY)
    return COMPOSITION_ROOT.has(file) ? undefined : "only the composition root imports the public entry";
  if (layerOf(file) < 0 || layerOf(target) < 0) return "has no layer";
  return layerOf(target) > layerOf(file) ? "stands in a higher layer" : undefined;
}

/** Why a file of a plugin may not import this; `undefined` if it may. */
function pluginViolation(file: string, specifier: string): string | undefined {
  const target = targetOf(file, specifier);
  if (target.startsWith("vr-gateway")) return "a plugin of this package imports ../../core/index.ts";
  if (!specifier.startsWith(".") || target === PUBLIC_ENTRY) return undefined;
  const [, plugin = ""] = file.split("/");
  if (target.startsWith(`plugins/${plugin}/`)) return undefined;
  if (SHARED_BY.get(target)?.test(plugin)) return undefined;
  if (KNOWS.get(plugin)?.test(target)) return undefined;
  return target.startsWith("core/") ? "not the public entry" : "plugins do not know each other";
}

const violations = (files: string[], rule: (file: string, specifier: string) => string | undefined) =>
  files.flatMap((file) =>
    importsOf(textOf(file)).flatMap((specifier) => {
      const reason = rule(file, specifier);
      return reason ? [`${file} → ${specifier}: ${reason}`] : [];
    }),
  );

/** Groups of names that reach each other by imports. */
function circles(imports: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const reach = (from: string) => {
    const seen = new Set<string>();
    const open = [...(imports.get(from) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(imports.get(next) ?? []));
    }
    return seen;
  };
  const reached = new Map([...imports.keys()].map((name) => [name, reach(name)]));
  const groups = [...imports.keys()].flatMap((name) => {
    const others = [...(reached.get(name) ?? [])].filter((other) => reached.get(other)?.has(name));
    return others.length > 0 ? [others.sort().join(" ↔ ")] : [];
  });
  return [...new Set(groups)];
}

function fileImports(files: readonly string[]): Map<string, Set<string>> {
  return new Map(
    files.map((file) => [file, new Set(importsOf(textOf(file)).map((each) => targetOf(file, each)))]),
  );
}

/**
 * The layers of the core, and the folders of plugins. A folder within another belongs to it here: the files beside it
 * may use it, and it may use them.
 */
function roomOf(file: string): string {
  const [top, folder = ""] = file.split("/");
  return top === "plugins" ? `plugins/${folder}` : file === PUBLIC_ENTRY ? file : `layer ${layerOf(file)}`;
}

function roomImports(imports: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Set<string>> {
  const rooms = new Map<string, Set<string>>();
  for (const [file, targets] of imports) {
    const room = roomOf(file);
    const reached = rooms.get(room) ?? new Set();
    rooms.set(room, reached);
    for (const target of targets)
      if (imports.has(target) && roomOf(target) !== room) reached.add(roomOf(target));
  }
  return rooms;
}

describe("imports", () => {
  it("make no circle of files", () => {
    expect(circles(fileImports([...core, ...plugins]))).toEqual([]);
  });

  it("make no circle of folders", () => {
    // What puts the gateway and its plugins together stands above both.
    const files = [...core, ...plugins].filter(
      (file) => !COMPOSITION_ROOT.has(file) && file !== PUBLIC_ENTRY,
    );
    expect(circles(roomImports(fileImports(files)))).toEqual([]);
  });
});

describe("the core", () => {
  it("imports downwards only", () => {
    expect(violations(core, coreViolation)).toEqual([]);
  });

  it("has a layer for every file but the public entry", () => {
    expect(core.filter((file) => layerOf(file) < 0 && file !== PUBLIC_ENTRY)).toEqual([]);
  });

  it("does not name what plugins are for, neither in code nor in comments", () => {
    const inner = core.filter((file) => /^core\/(pipeline|http|response|routing)\//.test(file));
    expect(inner).toContain("core/pipeline/parse.ts");
    expect(inner.filter((file) => FOREIGN.test(textOf(file)))).toEqual([]);
    const named = core.filter((file) => VENDOR.test(textOf(file)) && !COMMAND.test(file));
    expect(named.filter((file) => file !== GENERATED)).toEqual([]);
    const mcpCalls = inner.filter((file) => textOf(file).includes("mcp_call"));
    expect(mcpCalls.filter((file) => file !== DEFAULT_PRESENTATION)).toEqual([]);
  });
});

it("what tests check vr with needs no dependency that only the development has", () => {
  const files = core.filter((file) => file.startsWith(TESTING));
  expect(files.length).toBeGreaterThan(5);
  const packages = files
    .flatMap((file) => importsOf(textOf(file)))
    .filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
    .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
  expect(packages.filter((name) => !(name in manifest.dependencies))).toEqual([]);
});

describe("plugins", () => {
  it("leave `UpstreamError` to what speaks with model servers", () => {
    const others = plugins.filter((file) => !/^plugins\/(upstream-|dialect-)/.test(file));
    expect(others.filter((file) => /new UpstreamError\b|isUpstreamError/.test(textOf(file)))).toEqual([]);
  });

  it("import the public entry, their own files and packages", () => {
    expect(violations(plugins, pluginViolation)).toEqual([]);
  });
});

it("asks whether a value is an object in one way", () => {
  const byHand = /typeof (\w+) [!=]== "object"[^;]*\b\1 [!=]== null[^;]*Array\.isArray\(\1\)/;
  // The validator of the wire takes no code from what it checks.
  const files = [...core, ...plugins].filter((file) => !file.startsWith("core/testing/"));
  const own = files.filter((file) => byHand.test(textOf(file)));
  expect(own).toEqual(["core/protocol/problem.ts"]);
});

it.each(["CallEnd", "Outcome", "Waiting", "Places", "approvalOf", "listed", "Settings"])(
  "declares %s once at most: a name has one meaning",
  (name) => {
    const declaration = new RegExp(`^(?:export )?(?:type|interface|class|function|const) ${name}\\b`, "m");
    const files = [...core, ...plugins].filter((file) => declaration.test(textOf(file)));
    expect(files.slice(1)).toEqual([]);
  },
);

it("keeps files short", () => {
  const lines = (file: string) => textOf(file).trimEnd().split("\n").length;
  const long = [...core, ...plugins].filter((file) => file !== GENERATED && lines(file) > MOST_LINES);
  expect(long.map((file) => `${file}: ${lines(file)} lines`)).toEqual([]);
});

describe("these rules", () => {
  it.each([
    ["none", { a: ["b", "c"], b: ["c"], c: [] }, []],
    ["two", { a: ["b"], b: ["a"], c: ["a"] }, ["a ↔ b"]],
    ["one that imports itself", { a: ["a"] }, ["a"]],
    ["three", { a: ["b"], b: ["c"], c: ["a", "d"], d: [] }, ["a ↔ b ↔ c"]],
    ["two pairs", { a: ["b"], b: ["a", "c"], c: ["d"], d: ["c"] }, ["a ↔ b", "c ↔ d"]],
  ])("find circles: %s", (_, imports: Record<string, string[]>, expected) => {
    const graph = new Map(Object.entries(imports).map(([name, targets]) => [name, new Set(targets)]));
    expect(circles(graph)).toEqual(expected);
  });

  it("find circles of folders, whichever files make them", () => {
    const imports = new Map([
      ["plugins/one/a.ts", new Set(["plugins/two/a.ts"])],
      ["plugins/one/b.ts", new Set(["plugins/one/a.ts"])],
      ["plugins/two/a.ts", new Set([])],
      ["plugins/two/b.ts", new Set(["plugins/one/b.ts"])],
    ]);
    expect(circles(imports)).toEqual([]);
    expect(circles(roomImports(imports))).toEqual(["plugins/one ↔ plugins/two"]);
  });

  it("read every way to import", () => {
    const text = [
      'import a from "./a.ts";',
      'import type { B } from "./b.ts";',
      "export {\n  c,\n  type C,\n} from './c.ts';",
      'export * from "./d.ts";',
      'import "./e.ts";',
      'const f = await import("./f.ts");',
      'export const g = "./not-an-import.ts";',
      'export type { H } from "./h.ts";',
    ].join("\n");
    const found = importsOf(text).sort();
    expect(found).toEqual("abcdefh".split("").map((name) => `./${name}.ts`));
    expect(importsOf(textOf(PUBLIC_ENTRY))).toContain("./protocol/items.ts");
  });

  it.each([
    ["core/protocol/items.ts", "../context.ts"],
    ["core/errors.ts", "./ids.ts", "fine"],
    ["core/hooks.ts", "./tool.ts", "fine"],
    ["core/hooks.ts", "./pipeline/parse.ts"],
    ["core/hooks.ts", "./gateway.ts"],
    ["core/tail.ts", "./protocol/chunk.ts", "fine"],
    ["core/response/assembler.ts", "../pipeline/turn.ts"],
    ["core/routing/ask.ts", "../upstream.ts", "fine"],
    ["core/routing/ask.ts", "../pipeline/turn.ts"],
    ["core/registry.ts", "./routing/router.ts"],
    ["core/pipeline/parse.ts", "../protocol/items.ts", "fine"],
    ["core/pipeline/parse.ts", "zod", "fine"],
    ["core/pipeline/parse.ts", "../index.ts"],
    ["core/pipeline/parse.ts", "../../plugins/mcp/index.ts"],
    ["core/pipeline/parse.ts", "vr-gateway"],
    ["core/pipeline/parse.ts", "../elsewhere/file.ts"],
    ["core/config.ts", "../plugins/mcp/index.ts"],
    ["core/cli-start.ts", "../plugins/mcp/index.ts"],
    ["core/cli-brought.ts", "../plugins/mcp/index.ts", "fine"],
    ["core/config.ts", "./cli.ts"],
    ["core/testing/wire/order.ts", "./item.ts", "fine"],
    ["core/testing/wire/order.ts", "../../protocol/wire.ts", "fine"],
    ["core/testing/wire/order.ts", "../../index.ts"],
    ["core/index.ts", "./testing/wire/expect-valid.ts"],
    ["core/cli-start.ts", "./testing/wire/expect-valid.ts"],
    ["core/http/respond.ts", "../testing/wire/expect-valid.ts"],
  ])("judge %s → %s", (file, specifier, verdict = "refused") => {
    expect(coreViolation(file, specifier) === undefined ? "fine" : "refused").toBe(verdict);
  });

  it.each([
    ["plugins/mcp/index.ts", "../../core/index.ts", "fine"],
    ["plugins/mcp/index.ts", "./client.ts", "fine"],
    ["plugins/mcp/wire/read.ts", "../client.ts", "fine"],
    ["plugins/mcp/index.ts", "node:http", "fine"],
    ["plugins/mcp/index.ts", "../../core/errors.ts"],
    ["plugins/mcp/index.ts", "../../core/testing/wire/expect-valid.ts"],
    ["plugins/mcp/index.ts", "../dialect-chat/index.ts"],
    ["plugins/mcp/index.ts", "../remote-policy/index.ts", "fine"],
    ["plugins/mcp/index.ts", "../remote-policy/host-rules.ts"],
    ["plugins/upstream-http/index.ts", "../remote-policy/index.ts", "fine"],
    ["plugins/dialect-chat/index.ts", "../remote-policy/index.ts"],
    ["plugins/remote-policy/index.ts", "../mcp/index.ts"],
    ["plugins/mcp/index.ts", "vr-gateway"],
    ["plugins/upstream-vllm/index.ts", "../dialect-chat/index.ts", "fine"],
    ["plugins/upstream-vllm/index.ts", "../dialect-chat/messages.ts"],
    ["plugins/upstream-vllm/index.ts", "../upstream-http/index.ts", "fine"],
    ["plugins/upstream-vllm/index.ts", "../upstream-http/options.ts"],
    ["plugins/upstream-vllm/index.ts", "../upstream-ollama/index.ts"],
    ["plugins/dialect-responses/index.ts", "../dialect-chat/index.ts", "fine"],
    ["plugins/dialect-chat/index.ts", "../upstream-http/index.ts"],
    ["plugins/upstream-vllm/index.ts", "../mcp/index.ts"],
    ["plugins/find-server/kinds.ts", "../upstream-vllm/index.ts", "fine"],
    ["plugins/find-server/kinds.ts", "../upstream-vllm/quirks.ts"],
    ["plugins/find-server/kinds.ts", "../mcp/index.ts"],
    ["plugins/defaults/index.ts", "../mcp/index.ts", "fine"],
    ["plugins/defaults/index.ts", "../mcp/options.ts"],
    ["plugins/defaults/index.ts", "../upstream-vllm/index.ts"],
  ])("judge %s → %s", (file, specifier, verdict = "refused") => {
    expect(pluginViolation(file, specifier) === undefined ? "fine" : "refused").toBe(verdict);
  });
});
