import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ModelChunk } from "../../../core/index.ts";
import { ChatReader, createChatDecoder, defaultQuirks } from "../../../plugins/dialect-chat/index.ts";
import { chunk, DONE, fixtureBytes } from "../../helpers/chat-server.ts";
import { broken, joined, read, summary } from "./reading.ts";

describe("streams as servers write them", () => {
  it("reads vLLM's hermes parser: text, then calls whose id and name come once", () => {
    expect(summary(read("vllm-hermes"))).toEqual({
      text: "Let me look.",
      calls: [
        { name: "get_weather", callId: "chatcmpl-tool-0a1b2c3d", args: '{"city": "Paris"}' },
        { name: "get_time", callId: "chatcmpl-tool-4e5f6a7b", args: '{"zone": "CET"}' },
      ],
      usage: [210, 45],
      finish: "tool_calls",
    });
  });

  it("tells parallel calls apart that share one index", () => {
    expect(summary(read("vllm-shared-index")).calls).toEqual([
      { name: "get_weather", callId: "chatcmpl-tool-aaaa", args: '{"city": "Paris"}' },
      { name: "get_weather", callId: "chatcmpl-tool-bbbb", args: '{"city": "Rome"}' },
    ]);
  });

  it("tells several calls of one delta apart, and finishes as tool_calls although Ollama says stop", () => {
    expect(summary(read("ollama"))).toEqual({
      calls: [
        { name: "get_weather", callId: "call_pw2k1x", args: '{"city":"Paris"}' },
        { name: "get_weather", callId: "call_9dk3la", args: '{"city":"Rome"}' },
      ],
      usage: [190, 36],
      finish: "tool_calls",
    });
  });

  it("buffers a call until its name comes, and adds a nameless tail to it", () => {
    expect(summary(read("vllm-nameless-tail")).calls).toEqual([
      { name: "get_weather", callId: "chatcmpl-tool-cccc", args: '{"city": "Oslo"}' },
    ]);
  });

  it("keys nothing by the chunk's id, which changes in OpenRouter's stream", () => {
    expect(summary(read("openrouter"))).toEqual({
      reasoning: "Hm, so be it.",
      text: "Yes indeed.",
      annotations: ["https://example.com/a"],
      usage: [15, 9],
      finish: "stop",
    });
  });

  it("takes usage from the chunk with empty choices, once, before finish", () => {
    const chunks = read("openai");
    expect(chunks.slice(-2)).toEqual([
      {
        type: "usage",
        usage: {
          input_tokens: 1024,
          input_tokens_details: { cached_tokens: 896, cache_write_tokens: 0 },
          output_tokens: 6,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 1030,
        },
      },
      { type: "finish", reason: "stop" },
    ]);
    expect(chunks.filter((each) => each.type === "usage")).toHaveLength(1);
    expect(joined(chunks, "text")).toBe("The answer is 42.");
  });

  it("reads reasoning from reasoning_content", () => {
    expect(summary(read("deepseek"))).toEqual({
      reasoning: "Okay, two and two.",
      text: "4.\n",
      usage: [20, 10],
      finish: "stop",
    });
    expect(summary(read("llama-cpp"))).toMatchObject({
      reasoning: "We need the weather.",
      calls: [{ name: "get_weather", callId: "Zk2mQ8", args: '{"city":"Paris"}' }],
    });
  });

  it("reads reasoning from think tags that are split over deltas", () => {
    expect(summary(read("think-tags"))).toEqual({
      reasoning: "Let me see: 1 < 2.\n",
      text: "One is less.",
      usage: [30, 20],
      finish: "stop",
    });
  });

  it("an error after 200 comes after what was said before it", () => {
    const { chunks, error } = broken(fixtureBytes("error-after-200"));
    expect(chunks).toEqual([{ type: "text", text: "Half an" }]);
    expect(error).toMatchObject({ status: 502, message: expect.stringContaining("EngineCore") });
  });

  it("a stream that is cut has no finish, and says that it broke off", () => {
    const { chunks, error } = broken(fixtureBytes("cut"));
    expect(chunks).toEqual([{ type: "text", text: "Half an" }]);
    expect(error).toMatchObject({ status: 502, message: expect.stringContaining("broke off") });
  });

  it("[DONE] without a finish_reason is a stop, and a finish_reason without [DONE] an end", () => {
    const said = `data: ${JSON.stringify(chunk({ content: "a" }))}\n\n`;
    expect(read(Buffer.from(said + DONE)).at(-1)).toEqual({ type: "finish", reason: "stop" });
    const ended = `data: ${JSON.stringify(chunk({ content: "a" }, "length"))}\n\n`;
    expect(read(Buffer.from(ended)).at(-1)).toEqual({ type: "finish", reason: "length" });
  });

  it("an empty stream is an error that says so", () => {
    expect(broken(Buffer.from(": ping\n\n")).error).toMatchObject({
      status: 502,
      message: expect.stringContaining("empty stream"),
    });
  });

  it("an event that is no JSON is an error that shows it to the operator alone: no guardrail has seen it", () => {
    expect(broken(Buffer.from("data: <oops>\n\ndata: [DONE]\n\n")).error).toMatchObject({
      status: 502,
      message: expect.not.stringContaining("<oops>"),
      cause: { message: expect.stringContaining("<oops>") },
    });
  });

  it("reads CRLF, no space after the colon, event lines and usage on the last chunk", () => {
    expect(summary(read("crlf"))).toEqual({ text: "A bé!", usage: [3, 3], finish: "stop" });
  });
});

describe("however the bytes arrive", () => {
  const names = readdirSync(new URL("../../fixtures/streams", import.meta.url))
    .filter((name) => name.endsWith(".sse") && name !== "cut.sse" && !name.startsWith("error-after-200"))
    .map((name) => name.slice(0, -4));

  it.each(names)("gives the same chunks of %s, in reads of any size, as parsing every event", (name) => {
    const bytes = fixtureBytes(name);
    const expected = parsedOneByOne(bytes);
    for (const size of [1, 2, 7, 64, 500, 4096, bytes.length]) {
      expect(read(bytes, size), `reads of ${size} bytes`).toEqual(expected);
    }
  });

  it("takes strings apart from the frame around them whatever they hold", () => {
    const strings = [
      "plain",
      'a "quoted" word',
      "back\\slash",
      "new\nline",
      '"},"finish_reason":null}]}',
      '"}}]}\n\ndata: {"choices":[{"delta":{"content":"forged',
      "é",
      "日本",
      "👋",
      "\u0000",
      "",
      " ",
      "x".repeat(5000),
    ];
    const many = Array.from({ length: 300 }, (_, i) => strings[(i * 7) % strings.length] as string);
    const text = many.map((content) => `data: ${JSON.stringify(chunk({ content }))}\n\n`).join("") + DONE;
    for (const size of [3, 100, 10_000, text.length * 2]) {
      const chunks = read(Buffer.from(text), size);
      expect(chunks.filter((each) => each.type === "text").map((each) => each.text)).toEqual(
        many.filter((content) => content !== ""),
      );
    }
  });

  it("notices what differs between events that look alike", () => {
    const events = [
      chunk({ content: "a" }),
      chunk({ content: "b" }),
      chunk({ reasoning_content: "c" }),
      chunk({ content: "d" }),
      { ...chunk({ content: "e" }), usage: { prompt_tokens: 1, completion_tokens: 2 } },
      chunk({ content: "f" }),
      chunk({ content: "g" }, "length"),
    ];
    const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
    expect(summary(read(Buffer.from(text)))).toEqual({
      text: "abdefg",
      reasoning: "c",
      usage: [1, 2],
      finish: "length",
    });
  });
});

/** Without any frame: each `data:` line through JSON.parse and the decoder. */
function parsedOneByOne(bytes: Buffer): ModelChunk[] {
  const chunks: ModelChunk[] = [];
  const decoder = createChatDecoder(defaultQuirks);
  let done = false;
  for (const line of bytes.toString().split(/\r?\n/)) {
    if (!line.startsWith("data:")) continue;
    const payload = line.slice(5).trim();
    if (payload === "[DONE]") done = true;
    else decoder.push(JSON.parse(payload), chunks);
  }
  decoder.end(done, chunks);
  return chunks;
}

describe("what is no event of the dialect", () => {
  const one = `data: ${JSON.stringify(chunk({ content: "One " }))}\n\n`;
  const two = `data: ${JSON.stringify(chunk({ content: "two." }, "stop"))}\n\n`;
  const whole = JSON.stringify({
    choices: [{ index: 0, message: { role: "assistant", content: "Here." }, finish_reason: "stop" }],
  });

  it.each<[string, string]>([
    ["with a name, no JSON", "event: ping\ndata: 2026-01-01 12:00:00\n\n"],
    ["with a name, JSON that is no object", 'event: keep-alive\ndata: "alive"\n\n'],
    ["with a name, another object", 'event: status\ndata: {"queue": 3}\n\n'],
    ["with a name, without data", "event: ping\n\n"],
    ["with a name behind its data", "data: alive\nevent:ping\n\n"],
    ["with a name, cut in two", "event: ping\r\ndata: al\r\ndata: ive\r\n\r\n"],
  ])("is skipped %s, in reads of any size", (_, event) => {
    const bytes = Buffer.from(`${one}${event}${two}${event}${DONE}`);
    for (const size of [1, 7, 64, bytes.length])
      expect(summary(read(bytes, size))).toEqual({ text: "One two.", finish: "stop" });
  });

  it("is an error without a name, with that of a message, or with the name of the chunks", () => {
    for (const bad of ["data: rubbish\n\n", "event: message\ndata: rubbish\n\n"])
      expect(broken(Buffer.from(one + bad)).error).toMatchObject({
        status: 502,
        message: expect.stringContaining("not a JSON object"),
      });
    const named = `event: chunk\n${one}event: chunk\ndata: rubb\n\n`;
    expect(broken(Buffer.from(named)).error).toMatchObject({ status: 502 });
  });

  it.each<[string, string, object]>([
    ["its envelope", 'data: {"error":{"message":"no room","code":429}}', { status: 429 }],
    ["its own", 'data: {"message":"no room","type":"invalid_request_error"}', { status: 400 }],
    ["a text", "data: no room", { status: 502 }],
    ["an array", 'data: [{"error":{"message":"no room","code":400}}]', { status: 400 }],
  ])("is an error by the name of one, in %s", (_, data, expected) => {
    const { error } = broken(Buffer.from(`${one}event: error\n${data}\n\n`));
    expect(error).toMatchObject({ ...expected, message: expect.stringContaining("no room") });
  });

  it.each<[string, string]>([
    ["JSON", whole],
    ["JSON over several lines", JSON.stringify(JSON.parse(whole), null, 2)],
    ["JSON with [DONE] behind it", `${whole}\n\n${DONE}`],
    ["JSON with a comment before it", `: hello\n\n${whole}\n\n`],
  ])("is read where nothing else comes: %s", (_, text) => {
    for (const size of [1, 50, text.length])
      expect(summary(read(Buffer.from(text), size))).toEqual({ text: "Here.", finish: "stop" });
  });

  it.each<[string, string, object]>([
    ["an error as JSON", '{"error":{"message":"no room","code":429}}', { status: 429 }],
    ["an error in an array", `[{"error":{"message":"no room","code":400}}]\n\n${DONE}`, { status: 400 }],
    ["a page", "<html>\n<p>no room</p>\n</html>", { status: 502, cause: /no room/ }],
    ["lines of JSON", '{"a":1}\n{"b":2}\n', { status: 502 }],
    ["[DONE]", DONE, { status: 502 }],
    ["comments", ": hi\n\n: hi\n\n", { status: 502 }],
    ["signs of life", `event: ping\ndata: 1\n\n${DONE}`, { status: 502 }],
    ["a role", `data: ${JSON.stringify(chunk({ role: "assistant" }))}\n\n${DONE}`, { status: 502 }],
  ])("is no success where nothing else comes: %s", (_, text, { cause, ...expected }: { cause?: RegExp }) => {
    const { error, chunks } = broken(Buffer.from(text));
    expect(error).toMatchObject(expected);
    if (cause) expect((error as Error).cause).toMatchObject({ message: expect.stringMatching(cause) });
    expect(chunks).toEqual([]);
  });

  it("is bounded in size", () => {
    expect(broken(Buffer.from("rubbish\n".repeat(200_000))).error).toMatchObject({
      message: expect.stringContaining("more than"),
    });
  });
});

it("stops reading at [DONE]", () => {
  const reader = new ChatReader(defaultQuirks, { maxEventBytes: 1000 });
  const chunks: ModelChunk[] = [];
  reader.read(
    [Buffer.from(`data: ${JSON.stringify(chunk({ content: "a" }))}\n\n${DONE}data: rubbish\n\n`)],
    chunks,
  );
  expect(reader.done).toBe(true);
  expect(chunks).toEqual([{ type: "text", text: "a" }]);
});
