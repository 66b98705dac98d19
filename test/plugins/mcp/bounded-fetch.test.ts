import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { boundFetch } from "../../../plugins/mcp/bounded-fetch.ts";

const REQUEST = { method: "POST", body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call" }) };

/** What is told of a stream of events that was read to its end, which came in these pieces. */
async function toldOf(...pieces: string[]) {
  const body = ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece)));
  const headers = { "content-type": "text/event-stream" };
  const bounded = boundFetch(async () => new Response(body, { headers }), 1_000);
  const told: unknown[] = [];
  bounded.onFailed = (answer) => told.push(answer);
  const response = await bounded.fetch("http://localhost/mcp", REQUEST);
  expect(await response.text()).toBe(pieces.join(""));
  await setImmediate();
  return told;
}

/** Every way to cut a text in two, and each character by itself. */
const cutsOf = (text: string) => [
  ...Array.from(text, (_, at) => [text.slice(0, at), text.slice(at)]),
  [...text],
];

const BROKEN_OFF = {
  jsonrpc: "2.0",
  id: 7,
  error: { code: -32_000, message: "The server's answer broke off." },
};
const progress = (message: string) =>
  `data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"message":"${message}"}}`;

describe("a stream that ended, wherever it was cut", () => {
  it.each([
    ["without an id and without the answer", `${progress("half")}\n\n`],
    ["with an id: in its data", `${progress("a valid: 1, an id: 2, id:")}\n\n${progress("id:")}\n\n`],
    ["with an id in a comment", `: id: 1\n\n${progress("half")}\n\n`],
    ["with a field that ends like one", `valid: 1\n${progress("half")}\n\n`],
    ["with an id that is empty", `id:\n${progress("half")}\n\n`],
    ["with an id of an event that broke off", `id: 1\n${progress("half")}\n`],
  ])("fails the call: one %s", async (_, stream) => {
    for (const pieces of cutsOf(stream))
      expect([pieces, await toldOf(...pieces)]).toEqual([pieces, [BROKEN_OFF]]);
  });

  it.each([
    ["its answer", 'data: {"jsonrpc":"2.0","id":7,"result":{}}\n\n'],
    ["an error", 'data: {"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"no"}}\n\n'],
  ])("has nothing more to tell when it has brought %s", async (_, stream) => {
    for (const pieces of cutsOf(stream)) expect([pieces, await toldOf(...pieces)]).toEqual([pieces, []]);
  });

  it("fails the call when it has answered another, or asked something itself", async () => {
    const other = 'data: {"jsonrpc":"2.0","id":8,"result":{}}\n\n';
    const asked = 'data: {"jsonrpc":"2.0","id":7,"method":"ping"}\n\n';
    expect(await toldOf(other, asked)).toEqual([BROKEN_OFF]);
  });

  it.each([
    ["with an id", `id: 1\n${progress("half")}\n\n`],
    ["with one behind the data", `${progress("half")}\nid:1\n\n`],
    ["with the id of an empty event, to be resumed from", "id: 1\ndata:\n\n"],
    ["with carriage returns", `event: message\r\nid: 1\r\n${progress("half")}\r\n\r\n`],
  ])("can be resumed: one %s", async (_, stream) => {
    for (const pieces of cutsOf(stream)) expect([pieces, await toldOf(...pieces)]).toEqual([pieces, []]);
  });
});

it("a stream whose call is cancelled ends with an answer, for else it would be resumed", async () => {
  const encoder = new TextEncoder();
  const bounded = boundFetch(async (_, init) => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(encoder.encode("id: 1\ndata:\n\ndata: ha"));
        init?.signal?.addEventListener("abort", () => controller.error(init.signal?.reason));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }, 1_000);
  const response = await bounded.fetch("http://localhost/mcp", REQUEST);
  const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } };
  await bounded.fetch("http://localhost/mcp", { method: "POST", body: JSON.stringify(cancelled) });
  expect(await response.text()).toMatch(/\n\ndata: {"jsonrpc":"2.0","id":7,"result":{}}\n\n$/);
});

describe("an answer is measured as a whole", () => {
  /** Many events, none of them large. */
  const events = () =>
    ReadableStream.from(Array(10).fill(new TextEncoder().encode(`${"x".repeat(200)}\n\n`)));

  it.each([
    ["when it is an error, whatever it calls itself", 500, "text/event-stream"],
    ["when only a parameter calls it a stream", 200, "application/json; profile=text/event-stream"],
  ])("%s", async (_, status, type) => {
    const response = new Response(events(), { status, headers: { "content-type": type } });
    const bounded = boundFetch(async () => response, 1_000);
    const answer = await bounded.fetch("http://localhost/mcp", REQUEST);
    await expect(answer.text()).rejects.toThrow("larger than 1000 bytes");
  });
});
