import { join } from "node:path";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, isStepCount, type LanguageModel, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { program, startEverything } from "../helpers/mcp/published.ts";
import { tempFolder } from "../helpers/temp-folder.ts";

/** Vercel's AI SDK. It checks every chunk and item, and what it cannot read becomes an `error` of the stream. */
let gateway: Gateway;
let everything: Awaited<ReturnType<typeof startEverything>>;
let openai: ReturnType<typeof createOpenAI>;
let model: LanguageModel;
/** The bodies of all requests so far. */
const sent: { input: { type?: string }[] }[] = [];
/** They are looked at below, not logged. */
globalThis.AI_SDK_LOG_WARNINGS = false;

beforeAll(async () => {
  everything = await startEverything();
  const mcpServers = {
    everything: program("everything", "stdio"),
    broken: { command: process.execPath, args: ["--eval", "process.exit(1)"] },
  };
  const folder = tempFolder({ "mcp.json": JSON.stringify({ mcpServers }) });
  gateway = await startGateway({
    env: { VR_MCP_CONFIG_PATH: join(folder, "mcp.json"), VR_MCP_REQUEST_REMOTE_URL_CHECKS: "false" },
  });
  openai = createOpenAI({
    baseURL: `${gateway.url}/v1`,
    apiKey: "dummy",
    fetch: (url, init) => {
      sent.push(JSON.parse(String(init?.body)));
      return fetch(url, init);
    },
  });
  model = openai.responses("demo");
});
afterAll(async () => {
  await gateway?.stop();
  everything?.child.kill("SIGKILL");
});

const WHAT_FIRST = "What did I say first?";
const user = (content: string) => ({ role: "user" as const, content });

type Asked = Omit<Parameters<typeof generateText>[0], "model">;

async function generate(asked: Asked) {
  const { text, steps, responseMessages } = await generateText({ ...asked, model, maxRetries: 0 } as never);
  return { text, steps, messages: responseMessages };
}

async function stream(asked: Asked) {
  const broken: unknown[] = [];
  const onError = ({ error }: { error: unknown }) => void broken.push(error);
  const result = streamText({ ...asked, model, maxRetries: 0, onError } as never);
  for await (const part of result.fullStream) if (/error/.test(part.type)) broken.push(part);
  expect(broken).toEqual([]);
  return { text: await result.text, steps: await result.steps, messages: await result.responseMessages };
}

describe.each([
  ["generateText", generate],
  ["streamText", stream],
])("%s", (_, run) => {
  /** Anything that the SDK finds odd fails the test, unless it is expected. */
  async function ask(asked: Asked, warnings: unknown[] = []) {
    const { text, steps, messages } = await run(asked);
    expect(steps.flatMap((step) => step.warnings ?? [])).toEqual(warnings);
    const content = steps.flatMap((step) => step.content);
    const results = content.flatMap((part) => (part.type === "tool-result" ? [part] : []));
    const approvals = content.flatMap((part) => (part.type === "tool-approval-request" ? [part] : []));
    const responseId = steps.at(-1)?.providerMetadata?.openai?.responseId as string;
    return { text, steps, messages, results, approvals, responseId };
  }

  it("gives text, and what it has used", async () => {
    const { text, steps } = await ask({ prompt: "My name is Ada." });
    expect(text).toContain("Nice to meet you, Ada.");
    expect(steps[0]).toMatchObject({ finishReason: "stop", usage: { inputTokens: 4 } });
  });

  it("runs the client's function, and goes on with its result", async () => {
    const get_weather = tool({
      description: "Current weather of a city",
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => `sunny in ${city}`,
    });
    const asked = { prompt: "use get_weather for Paris", tools: { get_weather }, stopWhen: isStepCount(3) };
    const { text, steps, results } = await ask(asked as Asked);
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(["tool-calls", "stop"]);
    expect(results).toMatchObject([{ input: { city: "Paris" }, output: "sunny in Paris" }]);
    expect(text).toContain("sunny in Paris");
  });

  it("runs Python with openai.tools.codeInterpreter, and remembers that it did", async () => {
    const tools = { code_interpreter: openai.tools.codeInterpreter() };
    const prompt = "Run ```python\nprint(6 * 7)\n```";
    const { text, results, messages } = await ask({ prompt, tools });
    expect(results).toMatchObject([
      {
        input: { code: "print(6 * 7)", containerId: expect.stringMatching(/^cntr_/) },
        output: { outputs: [{ type: "logs", logs: "42\n" }] },
      },
    ]);
    expect(text).toContain("42");
    const next = await ask({ messages: [user(prompt), ...messages, user(WHAT_FIRST)], tools });
    expect(sent.at(-1)?.input.map(({ type }) => type)).toContain("item_reference");
    expect(next.text).toContain("You said");
  });

  describe.each([
    ["the gateway's own", () => ({ serverLabel: "everything", serverUrl: "" })],
    ["one that the request names", () => ({ serverLabel: "web", serverUrl: everything.url })],
  ])("openai.tools.mcp, %s", (_, server) => {
    type More = Partial<Parameters<typeof openai.tools.mcp>[0]>;
    const tools = (more: More = {}) => ({
      mcp: openai.tools.mcp({ ...server(), allowedTools: ["echo"], ...more } as never),
    });
    const prompt = 'use echo with message: "hello there"';
    const called = [
      { toolName: "mcp.echo", input: { message: "hello there" }, output: { output: "Echo: hello there" } },
    ];

    it("lists its tools and calls one", async () => {
      const { text, results, responseId } = await ask({ prompt, tools: tools() });
      expect(results).toMatchObject(called);
      expect(text).toContain("Echo: hello there");
      const stored = await fetch(`${gateway.url}/v1/responses/${responseId}`);
      const { output } = (await stored.json()) as { output: { type: string }[] };
      expect(output.map(({ type }) => type)).toEqual(["mcp_list_tools", "mcp_call", "message"]);
    });

    it("forces a call by toolChoice", async () => {
      const asked = { prompt: 'message: "hello there"', tools: tools(), toolChoice: "required" as const };
      expect((await ask(asked)).results).toMatchObject(called);
    });

    it("shows a call that failed, and goes on", async () => {
      const { text, results } = await ask({
        prompt: 'use get-resource-reference with resourceType: "Text", resourceId: 0',
        tools: tools({ allowedTools: ["get-resource-reference"] }),
      });
      expect(results).toMatchObject([{ output: { error: { type: "mcp_tool_execution_error" } } }]);
      expect(text).toContain("Invalid resourceId");
    });

    it("shows an image of a tool", async () => {
      const { results } = await ask({
        prompt: "use get-tiny-image",
        tools: tools({ allowedTools: ["get-tiny-image"] }),
      });
      const [output] = results.map((result) => (result.output as { output: string }).output);
      expect(JSON.parse(output ?? "")).toContainEqual(
        expect.objectContaining({ type: "image", mimeType: "image/png" }),
      );
    });

    it("goes on with previousResponseId", async () => {
      const { responseId: previousResponseId } = await ask({ prompt, tools: tools() });
      const { text } = await ask({
        prompt: WHAT_FIRST,
        tools: tools(),
        providerOptions: { openai: { previousResponseId } },
      });
      expect(text).toContain("hello there");
    });

    it("goes on with the whole history, as references", async () => {
      const { messages } = await ask({ prompt, tools: tools() });
      const { text } = await ask({ messages: [user(prompt), ...messages, user(WHAT_FIRST)], tools: tools() });
      const references = sent.at(-1)?.input.filter(({ type }) => type === "item_reference");
      expect(references).toMatchObject([
        { id: expect.stringMatching(/^mcp_/) },
        { id: expect.stringMatching(/^msg_/) },
      ]);
      expect(text).toContain("hello there");
    });

    it("goes on where nothing is stored", async () => {
      const providerOptions = { openai: { store: false } };
      const { messages } = await ask({ prompt, tools: tools(), providerOptions });
      const left = "Results for OpenAI tool mcp.echo are not sent to the API when store is false";
      const asked = {
        messages: [user(prompt), ...messages, user(WHAT_FIRST)],
        tools: tools(),
        providerOptions,
      };
      const { text } = await ask(asked, [{ type: "other", message: left }]);
      expect(text).toContain("hello there");
    });

    describe("with requireApproval", () => {
      const asking = () => tools({ requireApproval: "always" });
      /** Asks, answers, and gives the conversation so far with its last round. */
      async function answered(approved: boolean) {
        const asked = await ask({ prompt, tools: asking() });
        expect(asked).toMatchObject({
          text: "",
          results: [],
          approvals: [{ toolCall: { toolName: "mcp.echo" } }],
        });
        const approvalId = asked.approvals[0]?.approvalId ?? "";
        const answer = {
          type: "tool-approval-response",
          approvalId,
          approved,
          providerExecuted: true,
        } as const;
        const messages = [user(prompt), ...asked.messages, { role: "tool" as const, content: [answer] }];
        const last = await ask({ messages, tools: asking() });
        return { ...last, messages: [...messages, ...last.messages] };
      }

      it("runs what was approved, once", async () => {
        const { text, results, approvals, messages } = await answered(true);
        expect(approvals).toEqual([]);
        expect(results).toMatchObject(called);
        expect(text).toContain("Echo: hello there");
        const next = await ask({ messages: [...messages, user(WHAT_FIRST)], tools: asking() });
        expect(sent.at(-1)?.input.map(({ type }) => type)).toContain("mcp_approval_response");
        expect(next).toMatchObject({ results: [], text: expect.stringContaining("You said") });
      });

      it("tells the model of what was denied", async () => {
        const { text, results, messages } = await answered(false);
        expect(results).toEqual([]);
        expect(text).toContain("denied");
        const next = await ask({ messages: [...messages, user(WHAT_FIRST)], tools: asking() });
        expect(next).toMatchObject({ results: [], text: expect.stringContaining("You said") });
      });
    });
  });

  it("answers without a server that is down", async () => {
    const tools = { mcp: openai.tools.mcp({ serverLabel: "broken", serverUrl: "" }) };
    expect((await ask({ prompt: "My name is Ada.", tools })).text).toContain("Nice to meet you");
  });
});
