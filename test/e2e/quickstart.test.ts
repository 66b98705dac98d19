import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../helpers/ask.ts";
import { type ChatServer, createChatServer } from "../helpers/chat-server.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { skipUnless } from "../helpers/skip.ts";
import { collectSse } from "../helpers/sse.ts";
import { tempConfig } from "../helpers/temp-folder.ts";
import { expectValidError, expectValidResponse, expectValidStream } from "../wire/wire.ts";

const fileAt = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const fixture = (name: string) => readFileSync(fileAt(`test/fixtures/requests/${name}.json`), "utf8");
const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

/** Runs an example against this URL. Resolves to what it prints. */
async function run(program: string, file: string, url: string): Promise<string> {
  const env = { ...process.env, VR_URL: url, no_proxy: "*" };
  const options = { env, maxBuffer: 16 * 1024 * 1024 };
  return (await promisify(execFile)(program, [fileAt(`examples/quickstart/${file}`)], options)).stdout;
}

let gateway: Gateway;
/** Takes the place of the gateway where the request itself is looked at. */
let recorder: ChatServer;
beforeAll(async () => {
  [gateway, recorder] = await Promise.all([startGateway(), createChatServer()]);
});
afterAll(async () => {
  await gateway?.stop();
  await recorder?.close();
});

/** The request that an example sends. */
async function requestOf(program: string, file: string) {
  const count = recorder.requests.length;
  // What the recorder answers is no response of this API, which the SDK may mind.
  await run(program, file, new URL(recorder.url).origin).catch(() => {});
  return recorder.received(count + 1);
}

const shell = skipUnless(
  has("curl", "--version") && has("sh", "-c", "true"),
  "needs sh and curl",
  "the scripts",
);

describe.skipIf(shell.skip)(shell.title, () => {
  it.each([
    ["stream.sh", "quickstart-stream"],
    ["stream-no-tools.sh", "quickstart-stream-no-tools"],
    ["json.sh", "quickstart"],
    ["json-no-tools.sh", "quickstart-no-tools"],
    ["mcp.sh", "quickstart-mcp"],
    ["mcp-no-tools.sh", "quickstart-mcp-no-tools"],
  ])("%s sends %s.json byte for byte", async (file, name) => {
    const { method, path, headers, raw } = await requestOf("sh", file);
    expect(raw).toBe(fixture(name).trimEnd());
    expect([method, path]).toEqual(["POST", "/v1/responses"]);
    expect(headers["content-type"]).toBe("application/json");
    expect(headers.authorization).toBe("Bearer dummy");
  });

  it.each(["stream.sh", "stream-no-tools.sh"])("%s prints a stream with the answer", async (file) => {
    const printed = await run("sh", file, gateway.url);
    const events = await collectSse(
      new Response(printed, { headers: { "content-type": "text/event-stream" } }),
    );
    const response = expectValidStream(events);
    expect(response.status).toBe("completed");
    expect(response.model).toBe("meta-llama/Llama-3.2-3B-Instruct");
    expect(textOf(response)).toContain("120");
  });

  it.each(["json.sh", "json-no-tools.sh"])("%s prints a response with the answer", async (file) => {
    const response = expectValidResponse(JSON.parse(await run("sh", file, gateway.url)));
    expect(response.status).toBe("completed");
    expect(textOf(response)).toContain("120");
  });

  it("mcp.sh names the label that no server is configured under", async () => {
    const { error } = expectValidError(JSON.parse(await run("sh", "mcp.sh", gateway.url)));
    expect(error).toMatchObject({ type: "invalid_request_error", param: "tools[0].server_label" });
    expect(error.message).toContain("github_docs");
  });

  it("mcp-no-tools.sh prints a stream", async () => {
    const printed = await run("sh", "mcp-no-tools.sh", gateway.url);
    const events = await collectSse(
      new Response(printed, { headers: { "content-type": "text/event-stream" } }),
    );
    expect(expectValidStream(events).status).toBe("completed");
  });
});

it("a gateway without a code interpreter leaves it out, says so, and answers", async () => {
  const plain = await startGateway({ config: tempConfig("{ plugins: [demo({ delayMs: 0 })] }") });
  for (const name of ["quickstart", "quickstart-stream"]) {
    const answer = await fetch(`${plain.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: fixture(name),
    });
    expect(answer.headers.get("x-vr-warning")).toContain("code_interpreter");
    const response =
      name === "quickstart"
        ? expectValidResponse(await answer.json())
        : expectValidStream(await collectSse(answer));
    expect(response.tools).toMatchObject([{ type: "code_interpreter" }]);
    expect(textOf(response)).toContain("120");
  }
  await plain.stop();
  expect(plain.stderr()).toContain("code_interpreter");
});

const python = skipUnless(
  has("python3", "-c", "from openai import OpenAI; OpenAI(api_key='x').responses.stream"),
  "needs python3 with the package openai",
  "the Python files",
);

describe.skipIf(python.skip)(python.title, () => {
  it.each([
    ["openai_sdk.py", "quickstart-sdk"],
    ["openai_sdk_no_tools.py", "quickstart-sdk-no-tools"],
  ])("%s sends %s.json", async (file, name) => {
    const { body, headers } = await requestOf("python3", file);
    expect(body).toEqual(JSON.parse(fixture(name)));
    expect(headers.authorization).toBe("Bearer dummy");
  });

  it.each(["openai_sdk.py", "openai_sdk_no_tools.py"])("%s prints every event", async (file) => {
    const lines = (await run("python3", file, gateway.url)).trim().split("\n");
    expect(lines[0]).toContain("response.created");
    expect(lines.at(-1)).toContain("response.completed");
    expect(lines.at(-1)).toContain("120");
    const deltas = lines.filter((line) => line.includes("type='response.output_text.delta'"));
    expect(deltas.length).toBeGreaterThan(1);
  });
});
