import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { type Gateway, type GatewayOptions, startGateway } from "../helpers/gateway.ts";
import { type Block, blocksOf, root, TEXTS, textAt } from "../helpers/markdown.ts";

/*
 * What the texts print is tried: TypeScript is compiled, requests are sent, and what they answer is compared with the
 * block below. `npm start` in a text starts the gateway that the requests below it are sent to.
 */

const run = promisify(execFile);
const README_OF_EXAMPLES = ["first-plugin", "own-setting", "hosted-tool", "custom-store"].map(
  (name) => `examples/${name}/README.md`,
);

describe("TypeScript in the texts", () => {
  // Inside of the checkout, so that it finds the packages that it imports.
  const folder = join(root, "node_modules/.cache", `vr-samples-${process.pid}`);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("compiles with the guide's tsconfig.json", async () => {
    mkdirSync(folder, { recursive: true });
    let samples = 0;
    for (const text of TEXTS)
      for (const { language, line, text: code } of blocksOf(textAt(text)))
        if (language === "ts") {
          samples++;
          writeFileSync(join(folder, `${text.replaceAll(/\W/g, "-")}-${line}.ts`), code);
        }
    expect(samples).toBeGreaterThan(10);
    // What a sample imports.
    writeFileSync(join(folder, "word-count.ts"), textAt("examples/custom-tool/word-count.ts"));
    const config = JSON.parse(
      blocksOf(textAt("docs/guide/write-a-plugin.md")).find(({ language }) => language === "json")?.text ??
        "",
    );
    // Readers have the package; here its sources stand for it.
    const paths = {
      "vr-gateway": [`${root}core/index.ts`],
      "vr-gateway/plugins/*": [`${root}plugins/*/index.ts`],
    };
    const compilerOptions = { ...config.compilerOptions, paths };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...config, compilerOptions }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const found = await run(process.execPath, [tsc, "-p", folder], { cwd: folder }).catch((error) => error);
    expect(found.stdout).toBe("");
  });
});

/** The gateway that a command of a text starts. */
function gatewayOf(command: string): GatewayOptions | undefined {
  const start = /^((?:VR_\w+=\S+ )*)npm start(?: -- --config (\S+))?$/m.exec(command);
  if (!start) return undefined;
  const variables = (start[1] ?? "").split(" ").filter(Boolean);
  const env = Object.fromEntries(variables.map((variable) => variable.split(/=(.*)/) as [string, string]));
  return { ...(start[2] ? { config: start[2] } : {}), env: { VR_UPSTREAM_KIND: "demo", ...env } };
}

interface Request {
  readonly title: string;
  readonly command: string;
  readonly printed: string;
  readonly gateway: GatewayOptions;
}

function requestsOf(text: string): Request[] {
  const blocks = blocksOf(textAt(text));
  let gateway: GatewayOptions = { env: { VR_UPSTREAM_KIND: "demo" } };
  return blocks.flatMap(({ language, text: command, line }, i) => {
    if (language !== "bash") return [];
    gateway = gatewayOf(command) ?? gateway;
    const printed = blocks[i + 1];
    if (!/^(?:\w+=\$\()?curl /.test(command) || printed?.language !== "") return [];
    return [{ title: `${text}:${line}`, command, printed: printed.text, gateway }];
  });
}

const requests = [...TEXTS, ...README_OF_EXAMPLES].flatMap(requestsOf);
const gateways = new Map<string, Promise<Gateway>>();
afterAll(async () => {
  for (const gateway of gateways.values()) await (await gateway).stop();
});

function gatewayFor(options: GatewayOptions): Promise<Gateway> {
  const key = JSON.stringify(options);
  const gateway = gateways.get(key) ?? startGateway(options);
  gateways.set(key, gateway);
  return gateway;
}

const withoutSpace = (text: string) => text.replaceAll(/\s+/g, "");

describe("requests in the texts", () => {
  it("are found", () => {
    expect(requests.length).toBeGreaterThanOrEqual(12);
  });

  it.each(requests)("$title answers as printed", async ({ command, printed, gateway }) => {
    const { url } = await gatewayFor(gateway);
    const here = command.replaceAll("http://127.0.0.1:5969", url);
    const { stdout } = await run("bash", ["-c", here], { env: { ...process.env, no_proxy: "*" } });
    // Between two lines of a stream's events, and where the text has an ellipsis, anything may stand.
    const isStream = printed.startsWith("event:");
    const pieces = printed.split(isStream ? /…|\n/ : "…").map(withoutSpace);
    const answer = withoutSpace(stdout);
    let at = 0;
    for (const piece of pieces) {
      const found = answer.indexOf(piece, at);
      expect(found, `"${piece}" in ${answer.slice(at)}`).toBeGreaterThanOrEqual(0);
      at = found + piece.length;
    }
  });
});

describe("JSON in the texts", () => {
  const json = TEXTS.flatMap((text) =>
    blocksOf(textAt(text))
      .filter(({ language }) => language === "json")
      .map(({ text: code, line }: Block) => ({ title: `${text}:${line}`, code })),
  );
  it.each(json)("$title can be parsed", ({ code }) => {
    expect(() => JSON.parse(code)).not.toThrow();
  });
});
