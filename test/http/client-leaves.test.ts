import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askStreamed, post, textOf } from "../helpers/ask.ts";
import { answer, type ChatServer, chunk, DONE, type Exchange, HANG, stream } from "../helpers/chat-server.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";
import { startInFront } from "../helpers/in-front.ts";
import { collectSse, readSse } from "../helpers/sse.ts";
import { tempConfig } from "../helpers/temp-folder.ts";
import { expectValidResponse } from "../wire/wire.ts";

let server: ChatServer;
let gateway: Gateway;
let stop: (() => Promise<void>) | undefined;
beforeAll(async () => {
  ({ server, gateway, stop } = await startInFront());
});
afterAll(() => stop?.());

const question = { model: "test-model", input: "Hello?" };

/** Reads a stream up to the first event of a type, then leaves. Resolves to the response's id. */
async function leaveAt(type: string, body: object = question): Promise<string> {
  const controller = new AbortController();
  const answer = await post(gateway, { ...body, stream: true }, { signal: controller.signal });
  let id = "";
  for await (const { event, data } of readSse(answer)) {
    if (event === "response.created") id = (data.response as { id: string }).id;
    if (event === type) break;
  }
  controller.abort();
  return id;
}

/** The stored response, once it is there: nobody is told when a response that nobody waits for has ended. */
async function stored(id: string) {
  for (;;) {
    const answer = await fetch(`${gateway.url}/v1/responses/${id}`);
    if (answer.status === 200) return expectValidResponse(await answer.json());
    await answer.text();
  }
}

describe("a client that leaves", () => {
  it("in mid-stream: the upstream's connection closes at once", async () => {
    server.reply(stream(chunk({ content: "Half a " }), HANG));
    const count = server.requests.length;
    await leaveAt("response.output_text.delta");
    expect(await (await server.received(count + 1)).closed).toBe("aborted");
  });

  it("before the upstream has answered: the same", async () => {
    server.reply(() => {});
    const count = server.requests.length;
    const controller = new AbortController();
    const answer = post(gateway, { ...question, stream: true }, { signal: controller.signal });
    const call = await server.received(count + 1);
    controller.abort();
    await expect(answer).rejects.toThrow();
    expect(await call.closed).toBe("aborted");
  });

  it("that does not stream: the same", async () => {
    server.reply(() => {});
    const count = server.requests.length;
    const controller = new AbortController();
    const answer = post(gateway, question, { signal: controller.signal });
    const call = await server.received(count + 1);
    controller.abort();
    await expect(answer).rejects.toThrow();
    expect(await call.closed).toBe("aborted");
  });

  it("leaves a cancelled response with the items that were finished", async () => {
    server.reply(stream(chunk({ reasoning_content: "Let me see." }), chunk({ content: "Half a " }), HANG));
    const response = await stored(await leaveAt("response.output_text.delta"));
    expect(response.status).toBe("cancelled");
    expect(response.output.filter((item) => "status" in item && item.status !== "completed")).toEqual([]);
    expect(response.output.map((item) => item.type)).toEqual(["reasoning"]);
  });

  it("leaves nothing with store: false", async () => {
    server.reply(stream(chunk({ content: "Half a " }), HANG), answer({ text: "next" }));
    const count = server.requests.length;
    const id = await leaveAt("response.output_text.delta", { ...question, store: false });
    await (await server.received(count + 1)).closed;
    await askStreamed(gateway, question);
    expect((await fetch(`${gateway.url}/v1/responses/${id}`)).status).toBe(404);
  });

  it("does not disturb those who stay", async () => {
    const gate = Promise.withResolvers<void>();
    server.reply(
      stream(chunk({ content: "I " }), gate.promise, chunk({ content: "stay" }), chunk({}, "stop"), DONE),
      stream(chunk({ content: "Half a " }), HANG),
    );
    const count = server.requests.length;
    const staying = askStreamed(gateway, question);
    await server.received(count + 1);
    await leaveAt("response.output_text.delta");
    await (await server.received(count + 2)).closed;
    gate.resolve();
    expect(textOf((await staying).response)).toBe("I stay");
  });

  it("is no error in the log", async () => {
    const own = await startGateway({ env: { VR_UPSTREAM: server.url } });
    server.reply(stream(chunk({ content: "Half a " }), HANG), () => {});
    for (const streaming of [true, false]) {
      const count = server.requests.length;
      const controller = new AbortController();
      const answer = post(own, { ...question, stream: streaming }, { signal: controller.signal });
      if (streaming) await answer;
      const call = await server.received(count + 1);
      controller.abort();
      await answer.catch(() => {});
      await call.closed;
    }
    await own.stop();
    expect(own.stderr()).not.toMatch(/"level":(40|50|60)/);
    expect(own.stderr()).toContain('"status":"cancelled"');
  });

  it("in the middle of its body: no error in the log either", async () => {
    const own = await startGateway({ env: { VR_UPSTREAM: server.url } });
    const { port } = new URL(own.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(
      "POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n",
    );
    await once(socket, "data");
    socket.write('{"input":');
    socket.resetAndDestroy();
    await once(socket, "close");
    await (await fetch(`${own.url}/health`)).text();
    await own.stop();
    expect(own.stderr()).not.toMatch(/"level":(40|50|60)/);
  });
});

describe("a client that reads nothing", () => {
  const SSE = { "content-type": "text/event-stream" };
  const BUFFER_BYTES = 128 * 1024;
  const TOTAL_BYTES = 32 * 1024 * 1024;

  it("stops its upstream, which goes on once it reads again", async () => {
    const config = tempConfig(`{ plugins: [storeSqlite()], limits: { streamBufferBytes: ${BUFFER_BYTES} } }`);
    const own = await startGateway({ config, env: { VR_UPSTREAM: server.url } });
    const paused = Promise.withResolvers<number>();
    const word = "x".repeat(1_000);
    const step = `data: ${JSON.stringify(chunk({ content: word }))}\n\n`;
    let sent = 0;

    /** Writes as fast as it is let; says how much that was when nothing has moved for a while. */
    const pour = async ({ response, socket }: Exchange) => {
      response.writeHead(200, SSE);
      const watch = setInterval(() => {
        // Bytes that left the socket, not those that wait in this process.
        const left = socket.bytesWritten - socket.writableLength;
        if (left > 0 && left === seen) paused.resolve(left);
        seen = left;
      }, 250);
      let seen = -1;
      while (sent < TOTAL_BYTES) {
        sent += step.length;
        if (!response.write(step)) await once(response, "drain");
      }
      clearInterval(watch);
      response.end(`data: ${JSON.stringify(chunk({}, "stop"))}\n\n${DONE}`);
    };
    server.reply(pour);

    const call = httpRequest(`${own.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
    });
    call.end(JSON.stringify({ ...question, stream: true, store: false }));
    const [response] = (await once(call, "response")) as [IncomingMessage];
    const memoryBefore = memoryOf(own);
    // Kernel buffers of two connections, up to 6 MiB each on Linux, and the gateway's own.
    expect(await paused.promise).toBeLessThan(20 * 1024 * 1024);
    expect(memoryOf(own) - memoryBefore).toBeLessThan(48 * 1024 * 1024);

    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part);
    const events = await collectSse(new Response(Buffer.concat(parts), { headers: SSE }));
    const deltas = events.filter((event) => event.type === "response.output_text.delta");
    expect(deltas).toHaveLength(Math.ceil(TOTAL_BYTES / step.length));
    expect(events.at(-1)?.type).toBe("response.completed");
    await own.stop();
  }, 60_000);
});

describe("a hundred streams at a time", () => {
  it("all complete, each with its own text", async () => {
    const echo = (exchange: Exchange) => {
      const { content } = exchange.request.body.messages.at(-1);
      return answer({ reasoning: `On ${content}.`, text: `${content} `.repeat(50).trim() })(exchange);
    };
    server.reply(echo);
    const numbers = Array.from({ length: 100 }, (_, i) => `number-${i}`);
    const responses = await Promise.all(
      numbers.map((input) => askStreamed(gateway, { model: "test-model", input })),
    );
    expect(responses.map(({ response }) => textOf(response))).toEqual(
      numbers.map((input) => `${input} `.repeat(50).trim()),
    );
    expect(new Set(responses.map(({ response }) => response.id)).size).toBe(100);
  });
});

/** Bytes of memory that a process holds now. */
function memoryOf({ pid }: Gateway): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1024;
}
