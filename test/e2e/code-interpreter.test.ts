import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { wire } from "../../core/index.ts";
import { ask, askStreamed } from "../helpers/ask.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { type JupyterServer, needsJupyter, startJupyter } from "../helpers/jupyter.ts";
import { skipUnless } from "../helpers/skip.ts";
import { collectSse } from "../helpers/sse.ts";
import { expectValidResponse, expectValidStream } from "../wire/wire.ts";

const fileAt = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const fixture = (name: string) => readFileSync(fileAt(`test/fixtures/requests/${name}.json`), "utf8");
const TOOL = { tools: [{ type: "code_interpreter" }], include: ["code_interpreter_call.outputs"] };
/** The demo model runs what stands between backticks. */
const running = (code: string) => ({ ...TOOL, input: `Run \`\`\`python\n${code}\n\`\`\`` });

const callOf = (response: wire.Response) => {
  const call = response.output.find((item) => item.type === "code_interpreter_call");
  if (!call) throw new Error(`no code was run: ${JSON.stringify(response.output)}`);
  return call;
};
const logsOf = (response: wire.Response) =>
  (callOf(response).outputs ?? []).map((output) => (output.type === "logs" ? output.logs : "")).join("");

const python = skipUnless(
  spawnSync("python3", ["-c", "import openai"]).status === 0,
  "needs python3 with the package openai",
  "openai_sdk.py prints the output of executed Python",
);
const jupyter = needsJupyter("on a Jupyter server, named by VR_JUPYTER_URL");

const RUNTIMES: [title: string, skip: boolean, env: () => Promise<Record<string, string>>][] = [
  ["with no configuration at all", false, async () => ({})],
  [
    jupyter.title,
    jupyter.skip,
    async () => {
      server = await startJupyter();
      return { VR_JUPYTER_URL: server.url, VR_JUPYTER_TOKEN: server.token };
    },
  ],
];
let server: JupyterServer | undefined;

describe.each(RUNTIMES)("the quickstart", (title, skip, env) => {
  describe.skipIf(skip)(title, () => {
    let gateway: Gateway;
    beforeAll(async () => {
      gateway = await startGateway({ env: await env() });
    });
    afterAll(() => gateway?.stop());

    const send = (name: string) =>
      fetch(`${gateway.url}/v1/responses`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer dummy" },
        body: fixture(name),
      });

    it("streams code, runs it, and its logs hold 120", async () => {
      const events = await collectSse(await send("quickstart-stream"));
      const response = expectValidStream(events);
      expect(callOf(response)).toMatchObject({
        status: "completed",
        code: "import math\nprint(math.factorial(5))",
        outputs: [{ type: "logs", logs: "120\n" }],
      });
      const types = events.map((event) => (event as { type: string }).type);
      expect(types).toContain("response.code_interpreter_call_code.delta");
      expect(types.at(-1)).toBe("response.completed");
    });

    it("does the same unstreamed", async () => {
      const response = expectValidResponse(await (await send("quickstart")).json());
      expect(callOf(response).outputs).toEqual([{ type: "logs", logs: "120\n" }]);
    });

    it.skipIf(python.skip)(python.title, async () => {
      const options = { env: { ...process.env, VR_URL: gateway.url, no_proxy: "*" } };
      const script = fileAt("examples/quickstart/openai_sdk.py");
      const { stdout } = await promisify(execFile)("python3", [script], options);
      const last = stdout.trim().split("\n").at(-1) ?? "";
      expect(last).toContain("response.completed");
      expect(last).toContain("OutputLogs(logs='120\\n', type='logs')");
    });

    it("keeps variables and files along previous_response_id, apart from other conversations", async () => {
      const first = await ask(gateway, running("kept = 41\nopen('kept.txt', 'w').write('here')"));
      const look = "import os\nprint(globals().get('kept'), os.path.exists('kept.txt'))";
      const next = await ask(gateway, { ...running(look), previous_response_id: first.id });
      expect(logsOf(next)).toBe("41 True\n");
      expect(callOf(next).container_id).toBe(callOf(first).container_id);
      expect(logsOf(await ask(gateway, running(look)))).toBe("None False\n");
    });

    it("tells the model of an exception, and goes on", async () => {
      const { response } = await askStreamed(gateway, running("print('before')\n1 / 0"));
      expect(response.status).toBe("completed");
      expect(logsOf(response)).toMatch(/^before\n[\s\S]*ZeroDivisionError: division by zero/);
      expect(callOf(response).status).toBe("completed");
    });

    it("lists and downloads files through the OpenAI SDK", async () => {
      const { containers } = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "none", maxRetries: 0 });
      const made = await ask(gateway, running("open('table.csv', 'w').write('a,b\\n1,2\\n')"));
      const container_id = callOf(made).container_id;
      const { data } = await containers.files.list(container_id);
      expect(data).toMatchObject([{ path: "/mnt/data/table.csv", bytes: 8, container_id }]);
      const content = await containers.files.content.retrieve(data[0]?.id ?? "", { container_id });
      expect(await content.text()).toBe("a,b\n1,2\n");
      await containers.delete(container_id);
      await expect(containers.retrieve(container_id)).rejects.toMatchObject({ status: 404 });
    });

    it("runs 20 executions at once, each in a container of its own", async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => askStreamed(gateway, running(`print(${i} * 2)`))),
      );
      expect(answers.map(({ response }) => logsOf(response))).toEqual(
        Array.from({ length: 20 }, (_, i) => `${i * 2}\n`),
      );
      expect(new Set(answers.map(({ response }) => callOf(response).container_id)).size).toBe(20);
    }, 60_000);
  });
});

describe.skipIf(jupyter.skip)("examples/code-interpreter", () => {
  it("gives a matplotlib figure as an image", async () => {
    const own = await startJupyter();
    await using gateway = await startGateway({
      config: "examples/code-interpreter/vr.config.ts",
      env: { VR_JUPYTER_URL: own.url, VR_JUPYTER_TOKEN: own.token },
    });
    const { response } = await askStreamed(gateway, { ...TOOL, input: "Plot sin(x)" });
    const [image, logs] = callOf(response).outputs ?? [];
    expect(logs).toEqual({ type: "logs", logs: "plotted sin(x)\n" });
    const url = image?.type === "image" ? image.url : "";
    const png = Buffer.from(url.replace("data:image/png;base64,", ""), "base64");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.length).toBeGreaterThan(5_000);
    await gateway.stop();
    await expect.poll(() => own.kernels()).toEqual([]);
    await own.stop();
  });
});
