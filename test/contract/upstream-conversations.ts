import { describe, expect, it } from "vitest";
import { plugin } from "../helpers/both-ways.ts";
import { DONE, type Script, stream } from "../helpers/chat-server.ts";
import { told } from "../helpers/families/told.ts";
import type { InProcess } from "../helpers/in-process.ts";
import { type InFrontOf, TOOLS } from "./in-front-of.ts";

interface Message {
  role: string;
  content: unknown;
  tool_calls?: { id: string }[];
  tool_call_id?: string;
  reasoning?: string;
  reasoning_content?: string;
}

/** A tool that the gateway runs, named as the model calls it. */
const clock = plugin("clock", (vr) =>
  vr.tools.add({
    name: "clock",
    description: "The time.",
    parameters: { type: "object", properties: {} },
    execute: () => ({ kind: "output", output: "noon" }),
  }),
);

/** What the model is told of a conversation. */
export function describeConversations(inFront: InFrontOf): void {
  const { family, start } = inFront;
  const messagesOf = (request: number): Message[] => inFront.server.requests[request]?.body.messages;
  const { reasoningField } = family;

  it("developer and system messages come as the server takes them, wherever the client has them", async () => {
    const vr = await start();
    const input = [
      { role: "developer", content: "Be kind." },
      { role: "user", content: "hello" },
      { role: "system", content: "Be brief." },
    ];
    expect((await vr.post({ instructions: "Be good.", input })).status).toBe(200);
    expect(messagesOf(0).map(({ role, content }) => [role, content])).toEqual(
      family.roles === "merged"
        ? [
            ["system", "Be good.\n\nBe kind.\n\nBe brief."],
            ["user", "hello"],
          ]
        : [
            ["system", "Be good."],
            ["developer", "Be kind."],
            ["user", "hello"],
            ["system", "Be brief."],
          ],
    );
  });

  it("previous_response_id: the whole history reaches the server", async () => {
    const vr = await start();
    inFront.server.reply(
      family.says({ text: "Hello, Ada." }),
      family.says({ text: "Ada." }),
      family.says({ text: "Three letters." }),
    );
    const first = await vr.post({ input: "My name is Ada." });
    const second = await vr.stream({ previous_response_id: first.response.id, input: "What is my name?" });
    await vr.stream({ previous_response_id: second.response.id, input: "How long is it?" });
    expect(messagesOf(2)).toEqual([
      { role: "user", content: "My name is Ada." },
      { role: "assistant", content: "Hello, Ada." },
      { role: "user", content: "What is my name?" },
      { role: "assistant", content: "Ada." },
      { role: "user", content: "How long is it?" },
    ]);
  });

  it("previous_response_id: one that is unknown is refused, and the server is not asked", async () => {
    const vr = await start();
    const answer = await vr.post({ previous_response_id: `resp_${"0".repeat(48)}` });
    expect([answer.status, answer.error.code]).toEqual([400, "previous_response_not_found"]);
    expect(inFront.server.requests).toEqual([]);
  });

  it("parallel calls go back as one message, their results right behind it", async () => {
    const vr = await start();
    const calls = ["Paris", "Rome"].map((city, i) => ({
      id: `call_${i}`,
      name: "get_weather",
      args: { city },
    }));
    inFront.server.reply(family.says({ calls }), family.says({ text: "Sun and rain." }));
    const called = await vr.stream({ tools: TOOLS });
    const outputs = ["rain", "sun"].map((output, i) => ({
      type: "function_call_output",
      call_id: `call_${1 - i}`,
      output,
    }));
    const next = await vr.post({ tools: TOOLS, previous_response_id: called.response.id, input: outputs });
    expect(told(next.response).text).toBe("Sun and rain.");
    expect(
      messagesOf(1).map(({ role, tool_calls, tool_call_id }) => tool_calls?.length ?? tool_call_id ?? role),
    ).toEqual(["user", 2, "call_0", "call_1"]);
  });

  it("images and text that a tool gave reach the model", async () => {
    const vr = await start();
    const call = { id: "call_0", name: "get_weather", args: {} };
    inFront.server.reply(family.says({ calls: [call] }), family.says({ text: "Sunny." }));
    const called = await vr.post({ tools: TOOLS });
    const output = [
      { type: "input_text", text: "A map." },
      { type: "input_image", image_url: "data:image/png;base64,AA==" },
    ];
    const input = [{ type: "function_call_output", call_id: "call_0", output }];
    const next = await vr.post({ tools: TOOLS, previous_response_id: called.response.id, input });
    expect(next.status).toBe(200);
    expect(inFront.server.requests[1]?.raw).toContain("A map.");
    expect(inFront.server.requests[1]?.raw).toContain("data:image/png;base64,AA==");
  });

  describe("where the model takes no images", () => {
    const PICTURE = "data:image/png;base64,AA==";
    const OF_USER = "data:image/png;base64,BB==";
    const plot = plugin("plot", (vr) =>
      vr.tools.add({
        name: "plot",
        description: "A plot.",
        parameters: { type: "object", properties: {} },
        execute: () => ({
          kind: "output",
          output: [
            { type: "input_text", text: "Drawn." },
            { type: "input_image", image_url: PICTURE },
          ],
        }),
      }),
    );
    const picture = { role: "user", content: [{ type: "input_image", image_url: OF_USER }] };
    const raw = (request: number) => inFront.server.requests[request]?.raw ?? "";
    const draws = () =>
      inFront.server.reply(
        family.says({ calls: [{ id: "call_0", name: "plot", args: {} }] }),
        family.says({ text: "There." }),
      );
    async function startBlind() {
      const vr = await start({ plugins: [plot] });
      inFront.server.takesImages = false;
      return vr;
    }

    it("those of a tool become text: it is asked again, and the client told", async () => {
      const vr = await startBlind();
      draws();
      const { status, response, headers } = await vr.post();
      expect([status, told(response).text]).toEqual([200, "There."]);
      expect(headers.get("x-vr-warning")).toContain("images in tool outputs were left out");
      expect(inFront.server.requests).toHaveLength(3);
      expect(raw(1)).toContain(PICTURE);
      expect(raw(2)).toContain("Drawn.\\n[image/png, not shown: this model takes no images]");
      expect(raw(2)).not.toContain(PICTURE);
    });

    it("those of a tool are refused once, and left out of later calls", async () => {
      const vr = await startBlind();
      draws();
      const first = await vr.stream();
      draws();
      const next = await vr.stream({ previous_response_id: first.response.id, input: "Again." });
      expect(told(next.response).text).toBe("There.");
      expect([0, 1, 2, 3, 4].map((request) => raw(request).includes(PICTURE))).toEqual([
        false,
        true,
        false,
        false,
        false,
      ]);
      expect(inFront.server.requests).toHaveLength(5);
      // Once per response, however many of its turns leave them out.
      expect(vr.log.filter(({ message }) => message.startsWith("images in tool outputs"))).toHaveLength(2);
    });

    it("those of the user are refused as the server refuses them", async () => {
      const vr = await startBlind();
      const { status, error, headers } = await vr.post({ input: [picture] });
      expect(status).toBe(400);
      expect(error.message).toMatch(/image|multimodal/);
      expect(headers.get("x-vr-warning")).toBeNull();
      expect(inFront.server.requests).toHaveLength(1);
    });

    it("those of the user stay where those of a tool are left out", async () => {
      const vr = await startBlind();
      const call = { type: "function_call", call_id: "call_0", name: "map", arguments: "{}" };
      const output = [{ type: "input_image", image_url: PICTURE }];
      const mapped = { type: "function_call_output", call_id: "call_0", output };
      expect((await vr.post({ input: [picture, call, mapped] })).status).toBeGreaterThanOrEqual(400);
      expect(inFront.server.requests).toHaveLength(2);
      expect([raw(1).includes(OF_USER), raw(1).includes(PICTURE)]).toEqual([true, false]);
    });
  });

  describe("reasoning", () => {
    const chunk = (delta: object, finish: string | null = null) => ({
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
    const thinks: Record<string, Script> = {
      reasoning_content: says({ reasoning_content: "One " }, { reasoning_content: "and one." }),
      reasoning: says({ reasoning: "One " }, { reasoning: "and one." }),
    };
    if (family.thinkTags)
      thinks["<think> tags, split"] = says(
        ...["<th", "ink>One ", "and", " one.<", "/think", ">\n\n"].map((content) => ({ content })),
      );
    function says(...deltas: object[]): Script {
      return stream(
        ...[...deltas, { content: "Two." }].map((delta) => chunk(delta)),
        chunk({}, "stop"),
        DONE,
      );
    }

    it.each(Object.entries(thinks))("in %s is an item before the message", async (_, script) => {
      const vr = await start();
      inFront.server.reply(script);
      const { response, types } = await vr.stream();
      expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
      expect(told(response)).toMatchObject({ reasoning: "One and one.", text: "Two." });
      expect(types).toContain("response.reasoning_text.delta");
    });

    if (!family.thinkTags)
      it("is not looked for in the text", async () => {
        const vr = await start();
        inFront.server.reply(says({ content: "<think>" }));
        expect(told((await vr.stream()).response).text).toBe("<think>Two.");
      });

    it("before a client's call goes back with it", async () => {
      const vr = await start();
      const call = { id: "call_0", name: "get_weather", args: { city: "Paris" } };
      inFront.server.reply(
        family.says({ reasoning: "The weather, then.", calls: [call] }),
        family.says({ reasoning: "Sun.", text: "Sunny." }),
      );
      const { response } = await vr.stream({ tools: TOOLS });
      const input = [{ type: "function_call_output", call_id: "call_0", output: "sun" }];
      await vr.stream({ tools: TOOLS, previous_response_id: response.id, input });
      expect(sentBack(1)).toEqual(reasoningField ? ["The weather, then."] : []);
    });

    it("of several turns is several items, each sent back with its own call", async () => {
      const vr = await start({ plugins: [clock] });
      inFront.server.reply(
        family.says({ reasoning: "First,", calls: [{ id: "call_0", name: "clock", args: {} }] }),
        family.says({ reasoning: "then", calls: [{ id: "call_1", name: "clock", args: {} }] }),
        family.says({ reasoning: "done.", text: "Noon." }),
      );
      const { response } = await vr.stream();
      const item = reasoningField ? ["reasoning", "mcp_call"] : ["mcp_call"];
      expect(response.output.map(({ type }) => type)).toEqual([
        ...item,
        ...item,
        ...(reasoningField ? ["reasoning"] : []),
        "message",
      ]);
      expect(sentBack(2)).toEqual(reasoningField ? ["First,", "then"] : []);
      await followUp(vr, response.id);
      // Without a call it is of no use to the model, and costs tokens.
      expect(sentBack(3)).toEqual(reasoningField ? ["First,", "then"] : []);
    });

    function followUp(vr: InProcess, id: string) {
      return vr.stream({ previous_response_id: id, input: "And now?" });
    }

    /** In the family's field, by message; in no other one is any. */
    function sentBack(request: number): string[] {
      return messagesOf(request).flatMap((message) => {
        const { reasoning, reasoning_content } = message;
        const field = reasoningField === undefined ? undefined : message[reasoningField];
        expect([reasoning, reasoning_content].filter((words) => words !== undefined)).toEqual(
          field === undefined ? [] : [field],
        );
        return field === undefined ? [] : [field];
      });
    }
  });
}
