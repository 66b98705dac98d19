import { describe, expect, it } from "vitest";
import { collectSse, readSse } from "./sse.ts";

const DONE = "data: [DONE]\n\n";
const FRAME = 'event: a\ndata: {"type":"a","text":"é"}\n\n';

async function* bytes(text: string, size = 1): AsyncGenerator<Uint8Array> {
  const all = new TextEncoder().encode(text);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

async function allOf<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

describe("readSse", () => {
  it("reads frames that arrive byte by byte", async () => {
    const frames = await allOf(readSse(bytes(FRAME + DONE)));
    expect(frames).toEqual([
      { event: "a", data: { type: "a", text: "é" } },
      { event: undefined, data: "[DONE]" },
    ]);
  });

  it("reads a fetch response, but only an event stream", async () => {
    const headers = { "content-type": "text/event-stream; charset=utf-8" };
    expect(await collectSse(new Response(FRAME + DONE, { headers }))).toHaveLength(1);
    await expect(collectSse(Response.json({}))).rejects.toThrow(/status 200, content type application\/json/);
  });

  it.each([
    ["a comment", `: ping\n\n${DONE}`],
    ["a frame without a name", `data: {"type":"a"}\n\n${DONE}`],
    ["a name that differs from the type", `event: b\ndata: {"type":"a"}\n\n${DONE}`],
    ["carriage returns", `event: a\r\ndata: {"type":"a"}\r\n\r\n`],
    ["data over two lines", `event: a\ndata: {"type":\ndata: "a"}\n\n${DONE}`],
    ["data that is no JSON", `event: a\ndata: {"type"}\n\n${DONE}`],
    ["no space after the colon", `event:a\ndata:{"type":"a"}\n\n${DONE}`],
    ["three line ends", `event: a\ndata: {"type":"a"}\n\n\n${DONE}`],
    ["an unfinished frame", `event: a\ndata: {"type":"a"}\n`],
  ])("refuses %s", async (_, text) => {
    await expect(allOf(readSse(bytes(text, 7)))).rejects.toThrow();
  });
});

describe("collectSse", () => {
  it("refuses a stream without [DONE]", async () => {
    await expect(collectSse(bytes(FRAME))).rejects.toThrow(/without \[DONE\], after a/);
  });

  it("refuses anything after [DONE]", async () => {
    await expect(collectSse(bytes(DONE + FRAME))).rejects.toThrow(/after \[DONE\]/);
    await expect(collectSse(bytes(FRAME + DONE + DONE))).rejects.toThrow(/after \[DONE\]/);
  });
});
