import { ServerResponse } from "node:http";
import { connect } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ClientLeft } from "../../core/errors.ts";
import { SseSink } from "../../core/http/sse-sink.ts";
import { GuardrailStop, UpstreamError } from "../../core/index.ts";
import { Sequencer } from "../../core/response/sequencer.ts";
import { plugin, wordsOf } from "../helpers/both-ways.ts";
import { begin, call, finish, text, think } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { mcp } from "../helpers/plugins/mcp.ts";
import { RecordingSink, respondInto } from "../helpers/recording-sink.ts";
import { calls, gate, says, scripted } from "../helpers/scripted.ts";
import { expectValidStream } from "../wire/wire.ts";

const docs = mcp({ docs: { search: () => ({ kind: "output", output: "found" }) } });
const slowTool = (until: Promise<unknown>) =>
  plugin("slow", ({ tools }) =>
    tools.add({
      name: "work",
      parameters: {},
      execute: async () => {
        await until;
        return { kind: "output", output: "done" };
      },
    }),
  );

describe("headers leave", () => {
  it("when the upstream has accepted the request, before it says a word", async () => {
    const order: string[] = [];
    const [accepted, speaks] = [gate(), gate()];
    const model = scripted([accepted.promise, [], speaks.promise, text("noon"), finish()]);
    const asked = gate();
    const watch = plugin("watch", ({ hooks }) => hooks.beforeUpstream.tap(() => asked.open()));
    const vr = await startInProcess({ plugins: [model, watch] });
    const opening = vr.open().then((stream) => {
      order.push("headers");
      return stream;
    });
    await asked.promise;
    order.push("accepted");
    accepted.open();
    const stream = await opening;
    await stream.until("response.in_progress");
    expect(order).toEqual(["accepted", "headers"]);
    speaks.open();
    expect(wordsOf((await stream.rest()).response.output)).toBe("noon");
  });

  it("with the first gateway event, while the upstream has not answered", async () => {
    const answers = gate();
    const vr = await startInProcess({ plugins: [scripted([answers.promise, ...says("noon")]), docs] });
    const stream = await vr.open({ tools: [{ type: "mcp", server_label: "docs" }] });
    const { item } = await stream.until("response.output_item.done");
    expect(item.type).toBe("mcp_list_tools");
    answers.open();
    await stream.rest();
  });

  it("after headersAfterMs, when neither has come", async () => {
    const answers = gate();
    const model = scripted([answers.promise, ...says("noon")]);
    const vr = await startInProcess({ plugins: [model], limits: { headersAfterMs: 5 } });
    const stream = await vr.open();
    expect(stream.status).toBe(200);
    await stream.until("response.in_progress");
    answers.open();
    expect((await stream.rest()).types.slice(0, 3)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
    ]);
  });

  it("as those of an event stream that nothing on the way should keep or change", async () => {
    const vr = await startInProcess({ plugins: [scripted(says("noon"))] });
    const { headers, response } = await vr.stream();
    expect(headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(headers.get("cache-control")).toContain("no-cache");
    expect(headers.get("x-accel-buffering")).toBe("no");
    expect(headers.get("x-request-id")).toBe(response.id);
  });
});

describe("an error", () => {
  const tooMany = () => new UpstreamError(429, "slow down", { headers: { "retry-after": "7" } });

  it("before the headers is a plain answer with its status", async () => {
    const vr = await startInProcess({ plugins: [scripted([tooMany()], [tooMany()])] });
    for (const ask of [vr.stream, vr.post]) {
      const { status, headers, error } = await ask();
      expect(status).toBe(429);
      expect(headers.get("retry-after")).toBe("7");
      expect(error).toMatchObject({ message: "slow down", type: "rate_limit_error" });
    }
  });

  it("after headersAfterMs is response.failed", async () => {
    const answers = gate();
    const vr = await startInProcess({
      plugins: [scripted([answers.promise, tooMany()])],
      limits: { headersAfterMs: 5 },
    });
    const stream = await vr.open();
    answers.open();
    const { types, response } = await stream.rest();
    expect(types).toEqual(["response.created", "response.in_progress", "response.failed"]);
    expect(response.error?.code).toBe("rate_limit_exceeded");
  });

  it.each([
    [new UpstreamError(429, "slow down"), "rate_limit_exceeded", "slow down"],
    [new UpstreamError(400, "bad image"), "invalid_prompt", "bad image"],
    [new UpstreamError(502, "crashed"), "server_error", "crashed"],
    [
      new UpstreamError(400, "too long", { code: "context_length_exceeded" }),
      "context_length_exceeded",
      "too long",
    ],
    [new TypeError("the password is 1234"), "server_error", "The gateway failed to handle this request."],
  ])("after some text is response.failed, once: %s", async (error, code, message) => {
    const vr = await startInProcess({ plugins: [scripted([think("hm"), text("half a"), error])] });
    const { response, types } = await vr.stream();
    expect(types.filter((type) => /failed|completed|incomplete/.test(type))).toEqual(["response.failed"]);
    expect(response.error).toEqual({ code, message });
    expect(response.output).toMatchObject([
      { type: "reasoning", status: "completed" },
      { type: "message", status: "incomplete" },
    ]);
    expect((await vr.get(response.id)).response).toEqual(response);
  });

  it("is response.failed when the upstream ends without a finish, and 502 unstreamed", async () => {
    const vr = await startInProcess({ plugins: [scripted([text("half a")], [text("half a")])] });
    const { response } = await vr.stream();
    expect(response).toMatchObject({ status: "failed", error: { code: "server_error" } });
    expect(wordsOf(response.output)).toBe("half a");
    expect((await vr.post()).status).toBe(502);
  });

  it("is response.failed when the upstream breaks off in a call, which does not run", async () => {
    const ran: unknown[] = [];
    const tool = plugin("tool", ({ tools }) =>
      tools.add({
        name: "work",
        parameters: {},
        execute: (values) => ({ kind: "output", output: String(ran.push(values)) }),
      }),
    );
    const vr = await startInProcess({ plugins: [scripted([...call("work", {})]), tool] });
    const { response } = await vr.stream();
    expect(ran).toEqual([]);
    expect(response).toMatchObject({
      status: "failed",
      output: [{ type: "mcp_call", status: "incomplete" }],
    });
  });

  it("in a later turn keeps what the turns before it brought", async () => {
    const vr = await startInProcess({
      plugins: [
        scripted(calls(["work", {}]), [new UpstreamError(502, "crashed")]),
        slowTool(Promise.resolve()),
      ],
    });
    const { response } = await vr.stream();
    expect(response).toMatchObject({ status: "failed", output: [{ type: "mcp_call", output: "done" }] });
  });

  it("of a request without any upstream is a 503", async () => {
    const vr = await startInProcess({ plugins: [] });
    expect((await vr.stream()).status).toBe(503);
    expect((await vr.post({ model: "any" })).error.code).toBe("no_upstream");
  });
});

describe("keep-alive", () => {
  it("repeats response.in_progress, numbered, while the upstream thinks", async () => {
    const answers = gate();
    const vr = await startInProcess({
      plugins: [scripted([[], answers.promise, ...says("noon")])],
      limits: { keepAliveMs: 5 },
    });
    const stream = await vr.open();
    for (let n = 0; n < 4; n++) await stream.until("response.in_progress");
    answers.open();
    const { types, response } = await stream.rest();
    expect(types.filter((type) => type === "response.in_progress").length).toBeGreaterThanOrEqual(4);
    expect(response.status).toBe("completed");
  });

  it("does so while a tool runs", async () => {
    const done = gate();
    const vr = await startInProcess({
      plugins: [scripted(calls(["work", {}]), says("ok")), slowTool(done.promise)],
      limits: { keepAliveMs: 5 },
    });
    const stream = await vr.open();
    await stream.until("response.mcp_call_arguments.done");
    for (let n = 0; n < 3; n++) await stream.until("response.in_progress");
    done.open();
    expect(wordsOf((await stream.rest()).response.output)).toBe("ok");
  });
});

describe("keep-alive to a reader that lags", () => {
  it("waits until it has caught up, so that what nobody reads does not grow", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const sink = new RecordingSink();
    const head = { id: "resp_1", warnings: [] };
    const sequencer = new Sequencer(sink, { headersAfterMs: 10, keepAliveMs: 10 }, head, () => ({}) as never);
    sequencer.open();
    vi.advanceTimersByTime(20);
    expect(sink.batches).toHaveLength(3);

    const caughtUp = gate();
    sink.pause = caughtUp.promise;
    vi.advanceTimersByTime(1_000);
    sequencer.emit([{ type: "response.output_text.delta" } as never]);
    vi.advanceTimersByTime(1_000);
    expect(sink.batches).toHaveLength(4);
    expect(sink.asked).toBe(3);

    sink.pause = undefined;
    caughtUp.open();
    await caughtUp.promise;
    vi.advanceTimersByTime(20);
    expect(sink.batches).toHaveLength(6);
    sequencer.stop();
  });
});

describe("writes", () => {
  it("are one per read of the upstream, not one per event", async () => {
    const vr = await startInProcess({
      plugins: [
        scripted([
          [think("h"), think("m"), text("no")],
          [text("on"), begin("weather"), text("!")],
          [text("a"), text("b"), text("c"), text("d")],
          [finish()],
        ]),
        plugin("tap", ({ hooks }) =>
          hooks.onChunk.tap((chunk) => (chunk.type === "text" ? [chunk, chunk] : undefined)),
        ),
      ],
    });
    const sink = new RecordingSink();
    await respondInto(vr.gateway, sink, { tools: [{ type: "function", name: "weather", parameters: {} }] });
    const opening = 1;
    const reads = 4;
    const terminal = 1;
    expect(sink.batches).toHaveLength(opening + reads + terminal);
    expect(sink.events.length).toBeGreaterThan(25);
  });

  it("reach the socket as they are", async () => {
    const write = vi.spyOn(ServerResponse.prototype, "write");
    const end = vi.spyOn(ServerResponse.prototype, "end");
    try {
      const vr = await startInProcess({
        plugins: [scripted([[text("a"), text("b")], [text("c"), text("d"), text("e")], [finish()]])],
      });
      await vr.stream();
      expect([write.mock.calls.length, end.mock.calls.length]).toEqual([4, 1]);
    } finally {
      write.mockRestore();
      end.mockRestore();
    }
  });

  it("count sequence_number from 0 without gaps, over turns, keep-alives and errors", async () => {
    const vr = await startInProcess({
      plugins: [
        scripted(calls(["work", {}]), [text("half"), new Error("crash")]),
        slowTool(Promise.resolve()),
      ],
    });
    const sink = new RecordingSink();
    await respondInto(vr.gateway, sink);
    const numbers = sink.numbered.map((event) => (event as { sequence_number: number }).sequence_number);
    expect(numbers).toEqual(numbers.map((_, i) => i));
    expectValidStream(sink.numbered);
  });

  it("never show a later state: no event changes after it was emitted", async () => {
    const cite = plugin("cite", ({ hooks }) =>
      hooks.onOutputItem.tap((item) =>
        item.type === "mcp_call" ? { ...item, output: "[redacted]" } : undefined,
      ),
    );
    const vr = await startInProcess({
      plugins: [
        scripted([think("hm"), text("wait"), ...call("work", {}), finish("tool_calls")], says("no", "on")),
        slowTool(Promise.resolve()),
        cite,
        docs,
      ],
    });
    const sink = new RecordingSink();
    await respondInto(vr.gateway, sink, { tools: [{ type: "mcp", server_label: "docs" }] });
    expect(sink.batches.map((batch) => JSON.stringify(batch))).toEqual(sink.asTheyLooked);
    expect(sink.events.at(0)).toMatchObject({ response: { status: "in_progress", output: [] } });
    expect(sink.opened).toBe(1);
  });
});

describe("a reader who lags", () => {
  it("pauses the upstream until it has caught up", async () => {
    const model = scripted([text("a"), text("b"), text("c"), finish()]);
    const vr = await startInProcess({ plugins: [model] });
    const sink = new RecordingSink();
    const caughtUp = gate();
    const ready = vi.spyOn(sink, "ready");
    const paused = new Promise<void>((resolve) => {
      ready.mockImplementation(() => {
        if (model.reads < 2) return undefined;
        resolve();
        return caughtUp.promise;
      });
    });
    const responding = respondInto(vr.gateway, sink);
    await paused;
    await new Promise(setImmediate);
    expect(model.reads).toBe(2);
    caughtUp.open();
    expect(wordsOf((await responding).output)).toBe("abc");
  });

  it("pauses it over real HTTP too, and loses nothing", async () => {
    const kilobytes = "x".repeat(64 * 1024);
    const reads = 300;
    const model = scripted([...Array.from({ length: reads }, () => text(kilobytes)), finish()]);
    const ready = vi.spyOn(SseSink.prototype, "ready");
    const vr = await startInProcess({ plugins: [model] });
    const body = JSON.stringify({ input: "hello", stream: true, store: false });
    const socket = connect(Number(new URL(vr.url).port), "127.0.0.1");
    socket.pause();
    socket.write(
      `POST /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await vi.waitUntil(() => ready.mock.results.some(({ value }) => value instanceof Promise));
    ready.mockRestore();
    expect(model.reads).toBeLessThan(reads);
    let received = "";
    for await (const bytes of socket) received += bytes;
    expect(model.reads).toBe(reads + 1);
    expect(received).toContain("response.completed");
    expect(received.split("event: response.output_text.delta").length - 1).toBe(reads);
  });

  it("is waited for only as long as there is something to wait for", async () => {
    const model = scripted([...Array.from({ length: 50 }, () => text("x".repeat(500))), finish()]);
    const vr = await startInProcess({ plugins: [model], http: { streamBufferBytes: 1 } });
    expect((await vr.stream()).response.status).toBe("completed");
  });
});

describe("a client who leaves", () => {
  it("ends the upstream's answer within a tick", async () => {
    const leaving = new AbortController();
    const model = scripted([text("half a"), gate().promise]);
    const vr = await startInProcess({ plugins: [model] });
    const sink = new RecordingSink();
    const spoke = gate();
    const emit = sink.emit.bind(sink);
    sink.emit = (batch) => {
      emit(batch);
      if (batch.events.some(({ type }) => type === "response.output_text.delta")) spoke.open();
    };
    const responding = respondInto(vr.gateway, sink, {}, leaving.signal);
    await spoke.promise;
    leaving.abort(new ClientLeft());
    await new Promise(setImmediate);
    expect(model.released).toBe(1);
    expect(await responding).toMatchObject({ status: "cancelled", output: [] });
    expect(sink.events.at(-1)?.type).toBe("response.output_text.delta");
  });

  it("ends it over real HTTP, streamed and unstreamed", async () => {
    for (const stream of [true, false]) {
      const ended = gate<string>();
      const asked = gate();
      const model = scripted([text("half a"), gate().promise]);
      const vr = await startInProcess({
        plugins: [
          model,
          plugin("watch", ({ hooks }) => {
            hooks.beforeUpstream.tap(() => asked.open());
            hooks.onComplete.tap(({ status }) => ended.open(String(status)));
          }),
        ],
      });
      const leaving = new AbortController();
      const request = fetch(`${vr.url}/v1/responses`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ input: "hello", stream }),
        signal: leaving.signal,
      });
      await asked.promise;
      leaving.abort();
      await expect(request.then((res) => res.text())).rejects.toThrow();
      expect(await ended.promise).toBe("cancelled");
      expect(model.released).toBe(1);
    }
  });
});

describe("the end of the gateway", () => {
  it("ends open streams with response.failed", async () => {
    const vr = await startInProcess({ plugins: [scripted([text("half a"), gate().promise])] });
    const stream = await vr.open();
    await stream.until("response.output_text.delta");
    const closing = vr.close();
    const { response } = await stream.rest();
    expect(response).toMatchObject({ status: "failed", error: { code: "server_error" } });
    await closing;
  });
});

describe("a guardrail that stops a stream", () => {
  it("is not an error: one terminal event, and the text before it", async () => {
    const vr = await startInProcess({
      plugins: [
        scripted([[text("one "), text("two ")], [text("three")], finish()]),
        plugin("guard", ({ hooks }) =>
          hooks.onChunk.tap((chunk) => {
            if (chunk.type === "text" && chunk.text === "three") throw new GuardrailStop("no");
          }),
        ),
      ],
    });
    const { response, types } = await vr.stream();
    expect(types.at(-1)).toBe("response.incomplete");
    expect(wordsOf(response.output)).toBe("one two ");
  });
});
