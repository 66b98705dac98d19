import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isVrError } from "../../../core/errors.ts";
import { mcp } from "../../../plugins/mcp/index.ts";
import { readServersFile } from "../../../plugins/mcp/servers-file.ts";
import { vr } from "../../helpers/command.ts";
import { tempFolder } from "../../helpers/temp-folder.ts";

const fileWith = (text: string) => join(tempFolder({ "mcp.json": text }), "mcp.json");
const read = (servers: unknown, env: NodeJS.ProcessEnv = {}) =>
  readServersFile(fileWith(JSON.stringify({ mcpServers: servers })), "VR_MCP_CONFIG_PATH", env);
const problemOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (isVrError(error)) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
};

/** `${NAME}` as the file writes it. */
const ref = (name: string) => `$\{${name}}`;

describe("a file of servers", () => {
  it("has programs and URLs, with variables in every value", () => {
    const servers = read(
      {
        files: {
          command: "npx",
          args: ["-y", ref("PACKAGE")],
          env: { TOKEN: ref("env:TOKEN") },
          cwd: "data",
          color: 1,
        },
        docs: {
          url: `https://${ref("HOST:-docs.example.com")}/mcp?key=${ref("TOKEN")}`,
          headers: { Authorization: `Bearer ${ref("TOKEN")}` },
        },
      },
      { PACKAGE: "server-files", TOKEN: "t0k3n-value" },
    );
    expect(servers).toMatchObject([
      {
        label: "files",
        address: {
          kind: "stdio",
          command: "npx",
          args: ["-y", "server-files"],
          env: { TOKEN: "t0k3n-value" },
        },
        approval: "never",
        shown: "program npx",
      },
      {
        label: "docs",
        address: {
          kind: "http",
          url: "https://docs.example.com/mcp?key=t0k3n-value",
          headers: { Authorization: "Bearer t0k3n-value" },
        },
        shown: "https://docs.example.com",
      },
    ]);
    const [files] = servers;
    expect(files?.address.kind === "stdio" && files.address.cwd).toMatch(/\/data$/);
  });

  it("may leave a server out", () => {
    expect(read({ off: { command: "x", disabled: true } })).toEqual([]);
  });

  it.each([
    [{ "two words": { command: "x" } }, '"two words": labels match ^[a-zA-Z0-9_-]+$'],
    [{ a: {} }, 'mcpServers.a: expected "command" or "url"'],
    [{ a: { command: "x", url: "https://b" } }, 'mcpServers.a.url: does not go with "command"'],
    [{ a: { url: "https://b", env: { K: "v" } } }, 'mcpServers.a.url: does not go with "env"'],
    [{ a: { command: "x", args: "y" } }, "mcpServers.a.args: Invalid input"],
    [{ a: { command: "x", env: { KEY: 5 } } }, "mcpServers.a.env.KEY: Invalid input"],
    [
      { a: { command: "x", env: { KEY: ref("NOT_SET") } } },
      "mcpServers.a.env.KEY: the environment has no variable NOT_SET",
    ],
    [{ a: { url: "ftp://b" } }, "mcpServers.a.url: expected an http or https URL"],
    [{ a: { url: "https://user:pass-w0rd@b" } }, "mcpServers.a.url: credentials do not belong here"],
    [
      { a: { url: "https://b", headers: { K: "line\nbreak" } } },
      "mcpServers.a.headers.K: this is not a valid header",
    ],
    [{ a: { command: "x", approval: "maybe" } }, "mcpServers.a.approval"],
    ["none", 'expected an object under "mcpServers"'],
  ])("%j is refused by label and key", (servers, message) => {
    const problem = problemOf(() => read(servers));
    expect(problem).toMatch(/^VR_MCP_CONFIG_PATH: \/.*mcp\.json: /);
    expect(problem).toContain(message);
    expect(problem).not.toContain("pass-w0rd");
  });

  it("that is no JSON is not quoted: it may hold secrets", () => {
    const path = fileWith('{ "mcpServers": { "a": { "env": { "TOKEN": "s3cr3t-value" oops');
    const problem = problemOf(() => readServersFile(path, "config", {}));
    expect(problem).toContain("is not valid JSON (line 1 column");
    expect(problem).not.toContain("s3cr3t");
  });

  it("that is not there is an error", () => {
    expect(problemOf(() => readServersFile("/nowhere/mcp.json", "config", {}))).toBe(
      "config: /nowhere/mcp.json: cannot be read: ENOENT",
    );
  });
});

describe("vr start", () => {
  const startWith = (env: Record<string, string>) =>
    vr(["start", "--port", "0"], { cwd: tempFolder(), env: { VR_UPSTREAM_KIND: "demo", ...env } }).finished;

  it("ends with the error of VR_MCP_CONFIG_PATH", async () => {
    const { code, stderr } = await startWith({
      VR_MCP_CONFIG_PATH: fileWith('{"mcpServers": {"a": {"args": []}}}'),
    });
    expect(code).toBe(1);
    expect(stderr).toContain('mcpServers.a: expected "command" or "url"');
  });

  it.each(["VR_MCP_REQUEST_REMOTE_ENABLED", "VR_MCP_REQUEST_REMOTE_URL_CHECKS"])(
    "takes no misspelt %s",
    async (name) => {
      const { code, stderr } = await startWith({ [name]: "flase" });
      expect(code).toBe(1);
      expect(stderr).toContain(`${name} is "flase": expected true or false`);
    },
  );
});

it("options of the plugin are refused by label and key too", () => {
  expect(() => mcp({ servers: { a: { command: 5 } } } as never)).toThrow(/servers\.a\.command/);
});
