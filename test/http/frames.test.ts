import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askStreamed, post, textOf } from "../helpers/ask.ts";
import {
  type ChatServer,
  chunk,
  DONE,
  LATER,
  type Step,
  stream,
  usageChunk,
} from "../helpers/chat-server.ts";
import type { Gateway } from "../helpers/gateway.ts";
import { startInFront } from "../helpers/in-front.ts";

let server: ChatServer;
let gateway: Gateway;
let stop: (() => Promise<void>) | undefined;
beforeAll(async () => {
  ({ server, gateway, stop } = await startInFront());
});
afterAll(() => stop?.());

const question = { model: "test-model", input: "Hello?", stream: true };
const FRAME = /^event: ([a-z_.]+)\ndata: (\{[^\n]*\})$/;

/** What leaves the gateway: the chunks of HTTP's chunked encoding, each of which is one write. */
async function writes(body: object, onData = (_: string) => {}): Promise<string[]> {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  const json = JSON.stringify(body);
  socket.write(
    `POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  );
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => {
    parts.push(part);
    onData(part.toString("latin1"));
  });
  await once(socket, "end");
  const raw = Buffer.concat(parts);
  const found: string[] = [];
  for (let at = raw.indexOf("\r\n\r\n") + 4; ; ) {
    const end = raw.indexOf("\r\n", at);
    const size = Number.parseInt(raw.toString("latin1", at, end), 16);
    if (size === 0) return found;
    found.push(raw.toString("utf8", end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

const framesOf = (text: string) => text.split("\n\n").slice(0, -1);
const typesOf = (text: string) => framesOf(text).map((frame) => FRAME.exec(frame)?.[1] ?? frame);

/** Steps that each leave the server on their own. */
const apart = (...steps: Step[]): Step[] => steps.flatMap((step) => [step, LATER]);

describe("a stream on the wire", () => {
  it("is frames of event, data and a blank line, and [DONE] last", async () => {
    server.reply(
      stream(chunk({ reasoning_content: "Hm." }), chunk({ content: "Yes." }), chunk({}, "stop"), DONE),
    );
    const text = (await writes(question)).join("");
    const frames = framesOf(text);
    expect(text.endsWith("\n\n")).toBe(true);
    expect(frames.pop()).toBe("data: [DONE]");
    for (const frame of frames) {
      const [, event, data] = FRAME.exec(frame) ?? [];
      expect(event && JSON.parse(data ?? "").type).toBe(event);
    }
    expect(text).not.toContain("\r");
  });

  it("leaves in one write per read of the upstream, never inside of a frame", async () => {
    const words = ["one", "two", "three", "four"];
    // Each word is sent once the one before it has arrived, and so each is a read of its own.
    const gates = words.map((word) => ({ word, ...Promise.withResolvers<void>() }));
    const steps = gates.flatMap(({ word, promise }): Step[] => [chunk({ content: word }), promise]);
    server.reply(stream(...steps, chunk({}, "stop"), usageChunk(1, 4), DONE));
    const all = await writes(question, (text) => {
      for (const { word, resolve } of gates) if (text.includes(`"delta":"${word}"`)) resolve();
    });
    for (const write of all) expect(write.endsWith("\n\n")).toBe(true);
    const deltas = all.map((write) => typesOf(write).filter((type) => type === "response.output_text.delta"));
    expect(deltas.filter(({ length }) => length > 0)).toHaveLength(words.length);
    // The opening events may leave before the first word, the end of the text before the terminal event.
    expect(all.length).toBeLessThanOrEqual(words.length + 3);
  });

  it("brings all that one read brought in one write", async () => {
    server.reply(
      stream(
        LATER,
        chunk({ reasoning_content: "a" }),
        chunk({ content: "b" }),
        chunk({ tool_calls: [{ index: 0, id: "call_1", function: { name: "f", arguments: "{}" } }] }),
        new Promise((resolve) => setImmediate(resolve)),
        chunk({}, "tool_calls"),
        DONE,
      ),
    );
    const tools = [{ type: "function", name: "f", parameters: {} }];
    const all = await writes({ ...question, tools });
    const first = all.find((write) => write.includes("reasoning_text.delta")) ?? "";
    expect(typesOf(first)).toContain("response.output_text.delta");
    expect(typesOf(first)).toContain("response.function_call_arguments.delta");
  });

  it("ends with the terminal event and [DONE] in one write", async () => {
    server.reply(stream(chunk({ content: "Yes." }), chunk({}, "stop"), DONE));
    const last = (await writes(question)).at(-1) ?? "";
    expect(typesOf(last).slice(-2)).toEqual(["response.completed", "data: [DONE]"]);
  });

  it("opens with created and in_progress in one write, as soon as the upstream has accepted", async () => {
    const gate = Promise.withResolvers<void>();
    server.reply(stream("", gate.promise, chunk({ content: "Yes." }), chunk({}, "stop"), DONE));
    const answer = await post(gateway, question);
    const reader = answer.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(typesOf(first)).toEqual(["response.created", "response.in_progress"]);
    gate.resolve();
    while (!(await reader?.read())?.done);
  });

  it("is not chunked for a client of HTTP/1.0, which could not read that", async () => {
    server.reply(stream(...apart(chunk({ content: "Hi" }), chunk({ content: " there" }), DONE)));
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    const json = JSON.stringify(question);
    socket.write(
      `POST /v1/responses HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`,
    );
    const parts: Buffer[] = [];
    socket.on("data", (part: Buffer) => parts.push(part));
    await once(socket, "end");
    const [head = "", body = ""] = Buffer.concat(parts).toString().split("\r\n\r\n");
    expect(head).not.toMatch(/transfer-encoding/i);
    expect(typesOf(body).at(0)).toBe("response.created");
    expect(framesOf(body).at(-1)).toBe("data: [DONE]");
    expect(body).not.toContain("\r");
  });

  it("says that it is an event stream which nobody may buffer or change", async () => {
    server.reply(stream(chunk({ content: "Yes." }), chunk({}, "stop"), DONE));
    const { headers, response } = await askStreamed(gateway, question);
    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-cache, no-transform");
    expect(headers.get("x-accel-buffering")).toBe("no");
    expect(headers.get("x-request-id")).toBe(response.id);
  });
});

describe("text on the wire", () => {
  /** What a client reads of the text that these steps bring. */
  async function read(...steps: Step[]) {
    server.reply(stream(...steps, LATER, chunk({}, "stop"), DONE));
    const { events, response } = await askStreamed(gateway, question);
    const deltas = events.flatMap((event) =>
      event.type === "response.output_text.delta" ? [event.delta] : [],
    );
    expect(deltas.join("")).toBe(textOf(response));
    return { text: textOf(response), deltas };
  }

  const said = (text: string) => `data: ${JSON.stringify(chunk({ content: text }))}\n\n`;

  it.each([
    ["two bytes", "déjà vu"],
    ["three bytes", "日本語"],
    ["four bytes", "🧑‍🚀🎉"],
  ])("characters of %s survive a cut at every byte", async (_, text) => {
    const bytes = Buffer.from(said(text));
    const steps: Step[] = [];
    for (const byte of bytes) steps.push(Buffer.of(byte), LATER);
    expect((await read(...steps)).text).toBe(text);
  });

  it.each([
    ["U+2028 and U+2029, which end lines in JavaScript", "a\u2028b\u2029c"],
    ["U+0085 and U+000B, which end lines for some readers", "a\u0085b\u000bc"],
    ["line ends", "a\nb\r\nc\rd\n\ne"],
    ["what looks like a frame", "\n\ndata: [DONE]\n\nevent: response.completed\n"],
    ["quotes and backslashes", '"\\"\\\\n\\u0041"'],
    ["control characters and NUL", "\u0000\u0001\u001f\u007f"],
    ["a byte order mark", "\ufeffa\ufeff"],
    ["HTML", "<script>&amp;</script>"],
  ])("%s", async (_, text) => {
    expect((await read(said(text))).text).toBe(text);
    expect((await read(...apart(...[...text].map(said)))).text).toBe(text);
  });

  it("a pair of surrogates that the upstream escaped in two deltas arrives whole", async () => {
    const escaped = (half: string) => said("X").replace('"X"', `"${half}"`);
    const { text } = await read(escaped("\\ud83c"), LATER, escaped("\\udf89"));
    expect(text).toBe("🎉");
  });

  it("a lone surrogate does no harm: the stream stays valid JSON in valid UTF-8", async () => {
    const lone = said("X").replace('"X"', '"a\\ud83c"');
    const { text } = await read(lone, LATER, said("b"));
    expect(text).toMatch(/^a.b$/u);
    expect(text.isWellFormed() || text === "a\ud83cb").toBe(true);
  });

  it("what some readers take for the end of a line is escaped, in every event that has it", async () => {
    const said = "one\u2028two\u2029three\u0085four";
    const reply = () =>
      server.reply(
        stream(
          chunk({ reasoning_content: said }),
          chunk({ content: said }),
          chunk({ content: `é${said}` }),
          chunk({
            tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: `{"a":"${said}"}` } }],
          }),
          chunk({}, "tool_calls"),
          DONE,
        ),
      );
    const tools = [{ type: "function", name: "f", description: said, parameters: { type: "object" } }];
    for (const stream_options of [undefined, { include_obfuscation: true }]) {
      reply();
      const raw = (await writes({ ...question, tools, instructions: said, stream_options })).join("");
      expect(raw).not.toMatch(/[\u2028\u2029\u0085]/);
      expect(raw).toContain(String.raw`one\u2028two\u2029three\u0085four`);
      reply();
      const { response } = await askStreamed(gateway, { ...question, tools, instructions: said });
      expect([textOf(response), response.instructions]).toEqual([`${said}é${said}`, said]);
    }
  });

  it("a delta of a megabyte arrives whole", async () => {
    const text = "0123456789 é\n".repeat(80_000);
    expect((await read(said(text))).text).toBe(text);
  });

  it("ten thousand small deltas arrive in order", async () => {
    const words = Array.from({ length: 10_000 }, (_, i) => `${i} `);
    const { text, deltas } = await read(words.map(said).join(""));
    expect(text).toBe(words.join(""));
    expect(deltas.length).toBeLessThanOrEqual(words.length);
  });

  it("arguments of a megabyte arrive whole", async () => {
    const args = JSON.stringify({ text: "é\n".repeat(300_000) });
    const call = { index: 0, id: "call_1", function: { name: "f", arguments: args } };
    server.reply(stream(chunk({ tool_calls: [call] }), chunk({}, "tool_calls"), DONE));
    const tools = [{ type: "function", name: "f", parameters: {} }];
    const { response } = await askStreamed(gateway, { ...question, tools });
    expect(response.output).toMatchObject([{ type: "function_call", arguments: args }]);
  });
});
