import { describe, expect, it } from "vitest";
import type { ModelChunk } from "../../../core/index.ts";
import {
  type ChatChunk,
  ChatReader,
  createChatDecoder,
  defaultQuirks,
  fromCompletion,
} from "../../../plugins/dialect-chat/index.ts";
import { chunk } from "../../helpers/chat-server.ts";
import { call, convert, output, said, user } from "./converting.ts";
import { joined } from "./reading.ts";

const SERVER = "https://model.example/v1";

function decode(...deltas: object[]): ModelChunk[] {
  const decoder = createChatDecoder(defaultQuirks, { server: SERVER });
  const out: ModelChunk[] = [];
  for (const delta of deltas) decoder.push(chunk(delta) as ChatChunk, out);
  decoder.end(true, out);
  return out;
}

const notes = (chunks: readonly ModelChunk[]) => chunks.filter(({ type }) => type === "note");
const note = (members: object) => ({
  type: "note",
  note: { chat_message: { server: SERVER, members } },
});
const callNote = (index: number, members: object) => ({
  type: "note",
  index,
  note: { chat_call: { server: SERVER, members } },
});
const calling = (fields: object, index = 0) => ({
  tool_calls: [
    { index, id: `c${index}`, type: "function", function: { name: "f", arguments: "{}" }, ...fields },
  ],
});

describe("what a server attaches for its own use is kept", () => {
  it("of each call", () => {
    const signed = { extra_content: { google: { thought_signature: "c2ln" } } };
    expect(notes(decode(calling(signed), calling({}, 1), calling({ mark: "m" }, 2)))).toEqual([
      callNote(0, signed),
      callNote(2, { mark: "m" }),
    ]);
  });

  it("of a call's function", () => {
    const fields = { function: { name: "f", arguments: "{}", provider_specific_fields: { sign: "x" } } };
    expect(notes(decode(calling(fields)))).toEqual([
      callNote(0, { function: { provider_specific_fields: { sign: "x" } } }),
    ]);
  });

  it("of the message, however late it comes", () => {
    expect(notes(decode({ content: "yes" }, { extra_content: { sign: "x" } }))).toEqual([
      note({ extra_content: { sign: "x" } }),
    ]);
  });

  it("of an answer that comes whole", () => {
    const message = { role: "assistant", content: "yes", seal: ["s"], ...calling({ mark: "m" }) };
    const body = { choices: [{ index: 0, message, finish_reason: "tool_calls" }] };
    expect(notes(fromCompletion(body as ChatChunk, defaultQuirks, { server: SERVER }))).toEqual([
      note({ seal: ["s"] }),
      callNote(0, { mark: "m" }),
    ]);
  });

  it("before the end of the turn", () => {
    expect(decode({ content: "yes", seal: "s" }).map(({ type }) => type)).toEqual(["text", "note", "finish"]);
  });

  it.each<[string, object]>([
    ["nothing", { seal: null, mark: "", list: [], fields: {} }],
    ["what describes the delta", { token_id: 5, channel: "final", prefix: false }],
    ["what a client is to see", { audio: { data: "AA==" }, images: [{ type: "image_url" }] }],
  ])("but not %s", (_, delta) => {
    expect(notes(decode({ content: "yes" }, delta))).toEqual([]);
  });

  it("whatever it is called", () => {
    const decoder = createChatDecoder(defaultQuirks, { server: SERVER });
    const out: ModelChunk[] = [];
    const payload =
      '{"choices":[{"index":0,"delta":{"content":"a","__proto__":{"role":"user"},"constructor":"c"}}]}';
    decoder.push(JSON.parse(payload), out);
    decoder.end(true, out);
    const [kept] = notes(out) as unknown as { note: { chat_message: { members: object } } }[];
    const { members } = kept?.note.chat_message ?? {};
    expect(JSON.stringify(members)).toBe('{"__proto__":{"role":"user"},"constructor":"c"}');
    expect((members as { role?: string }).role).toBeUndefined();
  });
});

describe("what comes in pieces is put together", () => {
  const membersOf = (...deltas: object[]) => {
    const [kept] = notes(decode(...deltas)) as unknown as { note: { chat_message: { members: object } } }[];
    return kept?.note.chat_message.members;
  };
  const details = (...entries: object[]) => ({ reasoning_details: entries });
  const text = (fields: object) => ({ type: "reasoning.text", index: 0, format: "f", ...fields });

  it.each<[string, object[], object]>([
    [
      "words of an entry go on, its signature comes at the end",
      [details(text({ text: "I " })), details(text({ text: "think" })), details(text({ signature: "s" }))],
      details(text({ text: "I think", signature: "s" })),
    ],
    [
      "the entries of two places stay two",
      [details(text({ text: "a" })), details(text({ text: "b", index: 1 })), details(text({ text: "c" }))],
      details(text({ text: "ac" }), text({ text: "b", index: 1 })),
    ],
    [
      "sealed entries stay whole, and come once",
      [
        details({ type: "reasoning.encrypted", data: "QQ", id: "r1", index: 0 }),
        details({ type: "reasoning.encrypted", data: "QQ", id: "r1", index: 0 }),
        details({ type: "reasoning.encrypted", data: "Qg", id: "r2", index: 0 }),
      ],
      details(
        { type: "reasoning.encrypted", data: "QQ", id: "r1", index: 0 },
        { type: "reasoning.encrypted", data: "Qg", id: "r2", index: 0 },
      ),
    ],
    [
      "entries without a number go on up to a signature",
      [
        { thinking_blocks: [{ type: "thinking", thinking: "a" }] },
        { thinking_blocks: [{ type: "thinking", thinking: "b", signature: "s" }] },
        { thinking_blocks: [{ type: "thinking", thinking: "c" }] },
      ],
      {
        thinking_blocks: [
          { type: "thinking", thinking: "ab", signature: "s" },
          { type: "thinking", thinking: "c" },
        ],
      },
    ],
    ["a text goes on", [{ opaque: "ab" }, { opaque: "cd" }], { opaque: "abcd" }],
    ["a text that is repeated stays", [{ opaque: "ab" }, { opaque: "ab" }], { opaque: "ab" }],
    ["of objects the last stands", [{ extra: { a: 1 } }, { extra: { b: 2 } }], { extra: { b: 2 } }],
  ])("%s", (_, deltas, expected) => {
    expect(membersOf({ content: "yes" }, ...deltas)).toEqual(expected);
  });

  it("from a stream whose events are alike but for the words as well", () => {
    const reader = new ChatReader(defaultQuirks, { maxEventBytes: 10_000, server: SERVER });
    const out: ModelChunk[] = [];
    const event = (delta: object) => `data: ${JSON.stringify(chunk(delta))}\n\n`;
    const seal = (piece: string) => details(text({ text: piece }));
    const deltas = ["a", "b", "c"].map((content) => ({ content, mark: "m", ...seal(content) }));
    reader.read([Buffer.from(`${deltas.map(event).join("")}data: [DONE]\n\n`)], out);
    reader.end(out);
    expect(joined(out, "text")).toBe("abc");
    expect(notes(out)).toEqual([note({ mark: "m", ...seal("abc") })]);
  });

  it("and left out altogether where it is too much, or nested too deep", () => {
    const half = "x".repeat(600_000);
    expect(membersOf({ content: "a", seal: half, other: [half] })).toBeUndefined();
    expect(notes(decode({ ...calling({ mark: half }), seal: half, more: half }))).toEqual([]);
    const deep = JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`);
    expect(membersOf({ content: "a", seal: deep })).toBeUndefined();
    const many = Array.from({ length: 3_000 }, (_, i) => ({ content: "a", list: [{ data: `${i}` }] }));
    expect(membersOf(...many)).toMatchObject({ list: expect.objectContaining({ length: 3_000 }) });
  });
});

describe("reasoning that is only in reasoning_details is shown", () => {
  const details = (...entries: unknown[]) => ({ reasoning_details: entries });

  it.each<[string, object[], string]>([
    ["texts", [details({ type: "reasoning.text", text: "I " }), details({ text: "think" })], "I think"],
    ["summaries", [details({ type: "reasoning.summary", summary: "It thinks" })], "It thinks"],
    ["nothing that is sealed", [details({ type: "reasoning.encrypted", data: "QQ" })], ""],
    ["once where it is in a field too", [{ reasoning: "hm", ...details({ text: "hm" }) }], "hm"],
    ["once where it comes again at the end", [{ reasoning: "hm" }, details({ text: "hm" })], "hm"],
    ["nothing of what is none", [details(null, 5, { text: 5 }), { reasoning_details: "x" }], ""],
  ])("%s", (_, deltas, expected) => {
    expect(joined(decode(...deltas, { content: "yes" }), "reasoning")).toBe(expected);
  });
});

describe("what was attached goes back", () => {
  const kept = (to: "message" | "call", members: object, server = SERVER) => ({
    note: { [`chat_${to}`]: { server, members } },
  });
  const sent = (...items: object[]) =>
    convert({ items: [user("hi"), ...items] as never }, {}, SERVER).messages.slice(1);

  it("with the call and the message that it came with", () => {
    const entry = { ...call("a", "f", 0), ...kept("call", { mark: "m", function: { seal: "s" } }) };
    const first = { ...entry, note: { ...entry.note, ...kept("message", { details: [1] }).note } };
    expect(sent(first, output("a", "ok"))[0]).toEqual({
      role: "assistant",
      content: null,
      details: [1],
      tool_calls: [
        { id: "a", type: "function", mark: "m", function: { name: "f", arguments: "{}", seal: "s" } },
      ],
    });
  });

  it("with a message of text alone", () => {
    expect(sent({ ...said("yes", 0), ...kept("message", { seal: "s" }) })[0]).toEqual({
      role: "assistant",
      content: "yes",
      seal: "s",
    });
  });

  it("never in the place of what the gateway says", () => {
    const entry = { ...call("a", "f", 0), ...kept("call", { id: "b", function: { name: "g" } }) };
    const first = { ...entry, note: { ...entry.note, ...kept("message", { role: "user" }).note } };
    expect(sent(first, output("a", "ok"))[0]).toMatchObject({
      role: "assistant",
      tool_calls: [{ id: "a", function: { name: "f" } }],
    });
  });

  it("to no other server", () => {
    const other = kept("call", { mark: "m" }, "https://other.example/v1");
    expect(JSON.stringify(sent({ ...call("a", "f", 0), ...other }, output("a", "ok")))).not.toContain("mark");
  });
});
