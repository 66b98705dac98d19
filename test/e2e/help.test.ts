import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { help } from "../../core/cli-help.ts";
import { vr } from "../helpers/command.ts";
import { tempConfig, tempFolder } from "../helpers/temp-folder.ts";

/** Milliseconds; long enough for a configuration to load on a machine that has much else to do. */
const PATIENCE = 120_000;
const GATEWAY = [
  "--port",
  "VR_PORT",
  "VR_HOST",
  "VR_UPSTREAM",
  "VR_ALLOWED_HOSTS",
  "VR_LOG_LEVEL",
  "VR_LOG_BODIES",
];
const BRINGING = ["VR_UPSTREAM_KIND", "VR_UPSTREAM_API_KEY", "VR_REDIS_URL"];
const NOT_LISTED = /^Not listed are the variables of the configured plugins: (.*)$/gm;

async function helpWith(config: string, limitMs = PATIENCE) {
  const written: string[] = [];
  await help((text) => written.push(text), config, limitMs);
  return { first: written[0] ?? "", text: written.join("") };
}

const file = (text: string) => join(tempFolder({ "vr.config.ts": text }), "vr.config.ts");
const variablesIn = (text: string) =>
  [...text.matchAll(/^ {2}(?:--\S+ \S+ +)?(VR_\w+)/gm)].map((match) => match[1]);

describe("vr --help", () => {
  it("names what the gateway itself understands, then what the configured plugins declare", async () => {
    const declared = `VR_FORECAST_CITY: setting({ schema: z.string(), help: "city of the forecast" })`;
    const plugin = `definePlugin({ name: "forecast", settings: { ${declared} }, setup() {} })()`;
    const head = 'import { setting } from "vr-gateway";\nimport { z } from "zod";\n';
    const { first, text } = await helpWith(tempConfig(`{ plugins: [storeSqlite(), ${plugin}] }`, head));
    for (const word of ["vr start", "vr check", ...GATEWAY]) expect(first).toContain(word);
    for (const variable of [...BRINGING, "VR_DB_PATH"]) expect(first).not.toContain(variable);
    expect(variablesIn(text)).toEqual([
      ...["VR_PORT", "VR_HOST", "VR_UPSTREAM", "VR_ALLOWED_HOSTS", "VR_LOG_LEVEL", "VR_LOG_BODIES"],
      ...BRINGING,
      "VR_DB_PATH",
      "VR_FORECAST_CITY",
    ]);
    expect(text).toContain("  VR_FORECAST_CITY      city of the forecast [forecast]\n");
    expect(text).not.toMatch(NOT_LISTED);
  });

  it("names a variable once, with each plugin that reads it", async () => {
    const { text } = await helpWith(tempConfig("{ plugins: [...defaults(), storeKeyv()] }"));
    expect(new Set(variablesIn(text)).size).toBe(variablesIn(text).length);
    expect(text).toContain("[store-keyv]");
  });

  it("keeps lines short", async () => {
    const { text } = await helpWith(tempConfig("{ plugins: defaults() }"));
    for (const line of text.split("\n")) {
      expect(line.length).toBeLessThanOrEqual(110);
      expect(line).toBe(line.trimEnd());
    }
  });
});

describe("a configuration that does not load costs one line of the help", () => {
  it.each([
    ["is not there", "/nowhere/vr.config.ts", /does not exist/],
    ["has a syntax error", file("export default {"), /vr\.config\.ts.*syntax error/],
    ["throws", file('throw new Error("the first line\\nthe second");'), /the first line$/],
    ["throws no error", file("throw undefined;"), /./],
    ["is wrong", tempConfig("{ plugins: [], prot: 5 }"), /prot/],
    ["imports what is not there", file('import "nowhere-at-all";'), /nowhere-at-all/],
    ["ends its process", file("process.exit(3);"), /ended/],
    [
      "fails where nobody awaits",
      file("setTimeout(() => { throw new Error('late'); });\nawait new Promise(() => {});"),
      /late/,
    ],
  ])("%s", async (_, config, why) => {
    const { text } = await helpWith(config);
    const lines = [...text.matchAll(NOT_LISTED)];
    expect(lines).toHaveLength(1);
    expect(lines[0]?.[1]).toMatch(why);
    expect(text.endsWith(`${lines[0]?.[0]}\n`)).toBe(true);
    for (const word of [...GATEWAY, ...BRINGING]) expect(text).toContain(word);
  });

  it.each([
    ["never ends", "await new Promise((resolve) => setInterval(resolve, 2 ** 30));"],
    ["runs without end", "for (;;);"],
  ])("%s: after a time limit", async (_, text) => {
    const { text: shown } = await helpWith(file(text), 300);
    expect(shown).toMatch(/: the configuration has not loaded within 300 ms\n$/);
    expect(shown).toContain("VR_LOG_BODIES");
  });

  it("and so does a process that may not have threads", async () => {
    const node: [string, ...string[]] = [
      process.execPath,
      "--permission",
      "--allow-fs-read=*",
      "--allow-fs-write=*",
    ];
    const { code, stdout } = await vr(["--help"], { node }).finished;
    expect(code).toBe(0);
    expect(stdout).toContain("VR_LOG_BODIES");
    expect(stdout.match(NOT_LISTED)).toHaveLength(1);
  });

  it("and the exit code stays 0, whatever the configuration does and prints", async () => {
    const loud =
      'console.log("loud"); console.error("louder"); setInterval(() => {}, 1000); process.exit(3);';
    for (const text of [loud, "for (;;);", "}"]) {
      const { code, stdout, stderr } = await vr(["--help", "--config", file(text)]).finished;
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout.match(NOT_LISTED)).toHaveLength(1);
      expect(stdout).not.toContain("loud");
    }
  });
});
