import { describe, expect, it } from "vitest";
import type { InTurn, ModelItem, ModelRequest } from "../../../core/index.ts";
import type { ChatQuirks } from "../../../plugins/dialect-chat/index.ts";
import {
  call,
  chatCall,
  clock,
  convert,
  message,
  output,
  result,
  said,
  thought,
  user,
  weather,
} from "./converting.ts";

describe("messages", () => {
  it("are a plain string where there is text alone", () => {
    expect(convert({ instructions: "Be brief." }).messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "hi" },
    ]);
  });

  it("carry images with their detail, and files", () => {
    const content = [
      { type: "input_text" as const, text: "Look:" },
      { type: "input_image" as const, image_url: "https://example.com/a.png", detail: "high" as const },
      { type: "input_image" as const, image_url: "data:image/png;base64,AA==", detail: "auto" as const },
      { type: "input_file" as const, filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" },
    ];
    expect(convert({ items: [{ item: { role: "user", content } }] }).messages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "Look:" },
          { type: "image_url", image_url: { url: "https://example.com/a.png", detail: "high" } },
          { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
          { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" } },
        ],
      },
    ]);
  });

  it("refuse what chat completions cannot carry", () => {
    const image = { type: "input_image" as const, file_id: "file_1", detail: "auto" as const };
    const file = { type: "input_file" as const, file_url: "https://example.com/a.pdf" };
    for (const part of [image, file])
      expect(() => convert({ items: [{ item: { role: "user", content: [part] } }] })).toThrow(
        expect.objectContaining({ status: 400, param: "input" }),
      );
  });

  it("one assistant message carries all parallel calls, its results right after it", () => {
    const items = [
      user("hi"),
      call("a", "weather", 0),
      output("a", "sun"),
      call("b", "clock", 0),
      output("b", "noon"),
      said("Sunny at noon.", 1),
    ];
    expect(convert({ items }).messages.slice(1)).toEqual([
      { role: "assistant", content: null, tool_calls: [chatCall("a", "weather"), chatCall("b", "clock")] },
      result("a", "sun"),
      result("b", "noon"),
      { role: "assistant", content: "Sunny at noon." },
    ]);
  });

  it("results stand in call order, even if they come in another or after other items", () => {
    const items = [call("a", "f", 0), call("b", "f", 0), output("b", "2"), user("well?"), output("a", "1")];
    expect(convert({ items }).messages).toEqual([
      { role: "assistant", content: null, tool_calls: [chatCall("a", "f"), chatCall("b", "f")] },
      result("a", "1"),
      result("b", "2"),
      { role: "user", content: "well?" },
    ]);
  });

  it("a client's items that stand together are one assistant message", () => {
    const items = [
      user("hi"),
      thought("hm"),
      message("assistant", "Let me see."),
      call("a", "f"),
      call("b", "f"),
      output("a", "1"),
      output("b", "2"),
      call("c", "f"),
      output("c", "3"),
    ];
    expect(convert({ items }).messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: "Let me see.",
        reasoning_content: "hm",
        tool_calls: [chatCall("a", "f"), chatCall("b", "f")],
      },
      result("a", "1"),
      result("b", "2"),
      { role: "assistant", content: null, tool_calls: [chatCall("c", "f")] },
      result("c", "3"),
    ]);
  });

  it("gives each result to its own call where ids come again in later turns", () => {
    const items = [call("0", "f", 0), output("0", "first"), call("0", "f", 1), output("0", "second")];
    expect(convert({ items }).messages.filter((each) => each.role === "tool")).toEqual([
      result("0", "first"),
      result("0", "second"),
    ]);
  });

  it("folds developer messages and merges all system messages into one at the start", () => {
    const items = [message("developer", "Two."), user("hi"), message("system", "Three.")];
    expect(convert({ instructions: "One.", items }).messages).toEqual([
      { role: "system", content: "One.\n\nTwo.\n\nThree." },
      { role: "user", content: "hi" },
    ]);
  });

  it("keeps role and place where the server takes them", () => {
    const items = [user("hi"), message("developer", "Two.")];
    const kept = convert({ items }, { developerRole: "keep", systemMessages: "keep" });
    expect(kept.messages).toEqual([
      { role: "user", content: "hi" },
      { role: "developer", content: "Two." },
    ]);
    const first = convert({ instructions: "One.", items }, { systemMessages: "first" });
    expect(first.messages.map((each) => each.content)).toEqual(["One.", "Two.", "hi"]);
  });

  it("reasoning goes back with the calls that it led to, and only there unless said", () => {
    const items = [thought("one", 0), call("a", "f", 0), output("a", "1"), thought("two", 1), said("yes", 1)];
    const reasoning = (sendReasoning: ChatQuirks["sendReasoning"]) =>
      convert({ items }, { sendReasoning }).messages.map((each) => each.reasoning_content);
    expect(reasoning("tool-calls")).toEqual(["one", undefined, undefined]);
    expect(reasoning("always")).toEqual(["one", undefined, "two"]);
    expect(reasoning("never")).toEqual([undefined, undefined, undefined]);
  });

  it("joins the text of tool outputs, and shows their images in a user message after all results", () => {
    const image = { type: "input_image" as const, image_url: "data:image/png;base64,AA==" };
    const rich: InTurn<ModelItem> = {
      item: {
        type: "function_call_output",
        call_id: "a",
        output: [{ type: "input_text", text: "A plot." }, image],
      },
    };
    const plain: InTurn<ModelItem> = {
      item: {
        type: "function_call_output",
        call_id: "b",
        output: [
          { type: "input_text", text: "x" },
          { type: "input_text", text: "y" },
        ],
      },
    };
    const { messages } = convert({ items: [call("a", "plot", 0), call("b", "f", 0), rich, plain] });
    expect(messages.map((each) => each.role)).toEqual(["assistant", "tool", "tool", "user"]);
    expect(messages[1]?.content).toContain("A plot.");
    expect(messages[2]?.content).toBe("x\ny");
    expect(messages[3]?.content).toContainEqual({
      type: "image_url",
      image_url: { url: "data:image/png;base64,AA==" },
    });
  });

  it.each([
    ["no text", ""],
    ["blanks", " \n"],
    ["no parts", []],
    ["a part without text", [{ type: "input_text" as const, text: "" }]],
  ])("an output of %s is said in words: some servers refuse an empty message", (_, nothing) => {
    const empty: InTurn<ModelItem> = {
      item: { type: "function_call_output", call_id: "a", output: nothing },
    };
    expect(convert({ items: [call("a", "f"), empty] }).messages[1]).toEqual(
      result("a", "(The tool gave no output.)"),
    );
    // Without its call too.
    expect(convert({ items: [empty] }).messages).toEqual([result("a", "(The tool gave no output.)")]);
  });

  it("an instruction of nothing is left out", () => {
    const items = [message("developer", ""), user("hi"), message("system", "")];
    expect(convert({ instructions: "", items }, { systemMessages: "keep" }).messages).toEqual([
      { role: "user", content: "hi" },
    ]);
  });

  it("a refusal goes back as what the model said", () => {
    const item: ModelItem = {
      type: "message",
      id: "msg_1",
      role: "assistant",
      status: "completed",
      content: [{ type: "refusal", refusal: "No." }],
    };
    expect(convert({ items: [{ item, turn: 0 }] }).messages).toEqual([{ role: "assistant", content: "No." }]);
  });
});

describe("parameters", () => {
  it("are those that the request gives, and no others", () => {
    expect(convert({}).body).toEqual({ model: "m", messages: [{ role: "user", content: "hi" }] });
    const { body } = convert({ temperature: 0, topP: 0.5, maxOutputTokens: 9, reasoning: { effort: "low" } });
    expect(body).toMatchObject({ temperature: 0, top_p: 0.5, max_tokens: 9, reasoning_effort: "low" });
    expect(convert({ frequencyPenalty: 1, presencePenalty: -2 }).body).toMatchObject({
      frequency_penalty: 1,
      presence_penalty: -2,
    });
    expect(convert({ maxOutputTokens: 9 }, { maxTokens: "max_completion_tokens" }).body).toMatchObject({
      max_completion_tokens: 9,
    });
  });

  it("ask for usage where the answer is streamed", () => {
    expect(convert({ stream: true }).body).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(convert({ stream: true }, { includeUsage: false }).body).not.toHaveProperty("stream_options");
    expect(convert({ stream: false }).body).not.toHaveProperty("stream");
  });

  it("give functions as they are", () => {
    expect(convert({ tools: [weather, clock] }).body.tools).toEqual([
      { type: "function", function: weather },
      { type: "function", function: clock },
    ]);
    // What servers do without a word; some chat templates would show it to the model.
    const loose = { ...clock, strict: false };
    expect(JSON.stringify(convert({ tools: [loose] }).body)).not.toContain("strict");
    expect(convert({ tools: [clock] }, { parameters: { "tools.strict": "drop" } }).body.tools).toEqual([
      {
        type: "function",
        function: { name: "clock", description: "The time.", parameters: { type: "object" } },
      },
    ]);
  });

  it("force a choice: none, any, one by name, one of several", () => {
    const choice = (toolChoice: ModelRequest["toolChoice"]) =>
      convert({ tools: [weather, clock], toolChoice }).body;
    expect(choice({ mode: "auto" })).not.toHaveProperty("tool_choice");
    expect(choice({ mode: "required" })).toMatchObject({ tool_choice: "required" });
    const one = choice({ mode: "required", names: ["clock"] });
    expect(one.tool_choice).toEqual({ type: "function", function: { name: "clock" } });
    expect(one.tools).toHaveLength(2);
    const third = { name: "third", parameters: {} };
    const several = convert({
      tools: [weather, clock, third],
      toolChoice: { mode: "required", names: ["clock", "third"] },
    }).body;
    expect(several).toMatchObject({
      tool_choice: "required",
      tools: [{ function: { name: "clock" } }, { function: { name: "third" } }],
    });
  });

  it("carry a JSON schema, together with tools", () => {
    const schema = { type: "object" };
    const { body } = convert({
      tools: [weather],
      format: { type: "json_schema", name: "s", schema, strict: true },
    });
    expect(body.response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "s", schema, strict: true },
    });
    expect(body.tools).toHaveLength(1);
  });

  it("that are only echoed are forwarded where the quirks say so, and dropped quietly elsewhere", () => {
    const passthrough = { user: "u", metadata: { a: "b" }, service_tier: "flex" };
    const { body, warnings } = convert({ passthrough });
    expect(body).toMatchObject({ user: "u" });
    expect(body).not.toHaveProperty("metadata");
    expect(warnings).toEqual([]);
    expect(convert({ passthrough }, { passthrough: ["metadata", "service_tier"] }).body).toMatchObject({
      metadata: { a: "b" },
      service_tier: "flex",
    });
  });

  it("ask for logprobs with their number", () => {
    expect(convert({ logprobs: true, topLogprobs: 3 }).body).toMatchObject({
      logprobs: true,
      top_logprobs: 3,
    });
    expect(convert({ topLogprobs: 3 }).body).not.toHaveProperty("top_logprobs");
  });
});
