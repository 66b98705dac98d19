import { describe, expect, it } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import { vr as command } from "../../helpers/command.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { callsOdd, entry, odd } from "../../helpers/mcp/odd.ts";
import { says, scripted } from "../../helpers/scripted.ts";
import { tempFolder } from "../../helpers/temp-folder.ts";

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const ends = (pid: number) => expect.poll(() => isRunning(pid), { timeout: 8_000 }).toBe(false);

/** The processes of a server and of its own child. */
async function pidsOf(server: ReturnType<typeof odd>) {
  const model = scripted(callsOdd(["pid"], ["child"]), says("done"));
  const vr = await startInProcess({ plugins: [model, mcp({ servers: { odd: server } })] });
  const { response } = await vr.post({ tools: [entry()] });
  const pids = response.output.flatMap((item) => (item.type === "mcp_call" ? Number(item.output) : []));
  for (const pid of pids) expect(isRunning(pid)).toBe(true);
  return { vr, pids };
}

describe("when the gateway stops", () => {
  it.each([
    ["a server and what it started", odd("--child")],
    ["a server that does not want to", odd("--child", "--stubborn")],
    [
      "a server behind a shell",
      {
        command: "sh",
        args: ["-c", `"$@"; true`, "sh", odd().command as string, ...(odd("--child").args ?? [])],
      },
    ],
  ])("%s ends", async (_, server) => {
    const { vr, pids } = await pidsOf(server);
    expect(pids).toHaveLength(2);
    await vr.close();
    for (const pid of pids) await ends(pid);
  });

  it("a server that is still starting ends", async () => {
    const vr = await startInProcess({
      plugins: [scripted(), mcp({ servers: { odd: odd("--slow", "60000") } })],
    });
    await fetch(`${vr.url}/v1/mcp/servers`);
    await vr.close();
    const running = () => process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap");
    await expect.poll(running).toEqual([]);
  });
});

it("a server that ends by itself takes along what it started", async () => {
  const model = scripted(callsOdd(["child"]), callsOdd(["dies"]), says("done"));
  const vr = await startInProcess({ plugins: [model, mcp({ servers: { odd: odd("--child") } })] });
  const { response } = await vr.post({ tools: [entry()] });
  const call = response.output.find((item) => item.type === "mcp_call");
  await ends(Number(call?.type === "mcp_call" && call.output));
});

it("servers end when the gateway is killed", async () => {
  const folder = tempFolder({
    "mcp.json": JSON.stringify({ mcpServers: { odd: odd("--child", "--stubborn") } }),
  });
  const gateway = await startGateway({ env: { VR_MCP_CONFIG_PATH: `${folder}/mcp.json` } });
  const pids: number[] = [];
  for (const name of ["pid", "child"]) {
    const answer = await fetch(`${gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        input: "go",
        tools: [entry()],
        tool_choice: { type: "mcp", server_label: "odd", name },
      }),
    });
    const { output } = (await answer.json()) as { output: { type: string; output?: string }[] };
    pids.push(Number(output.find(({ type }) => type === "mcp_call")?.output));
  }
  for (const pid of pids) expect(isRunning(pid)).toBe(true);
  await gateway.stop("SIGKILL");
  for (const pid of pids) await ends(pid);
});

it("vr check leaves nothing running", async () => {
  const folder = tempFolder({ "mcp.json": JSON.stringify({ mcpServers: { odd: odd() } }) });
  const env = { VR_MCP_CONFIG_PATH: `${folder}/mcp.json`, VR_UPSTREAM_KIND: "demo" };
  const { code } = await command(["check"], { cwd: folder, env }).finished;
  expect(code).toBe(0);
});
