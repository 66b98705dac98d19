import { describe, expect, it } from "vitest";
import { GuardrailStop, type ModelRequest, RefusedError, VrError } from "../../core/index.ts";
import type { Plugin } from "../../core/plugin.ts";
import { bothWays, plugin, wordsOf } from "../helpers/both-ways.ts";
import { begin, call, finish, text, think } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";

const clock: Plugin = plugin("clock", (vr) =>
  vr.tools.add({
    name: "clock",
    parameters: { type: "object" },
    execute: () => ({ kind: "output", output: "12" }),
  }),
);

describe("beforeUpstream", () => {
  it("hands the request that a tap returns to the next tap and to the upstream", async () => {
    const model = scripted(says("noon"));
    const seen: unknown[] = [];
    const vr = await startInProcess({
      plugins: [
        model,
        plugin("cold", ({ hooks }) =>
          hooks.beforeUpstream.tap((request) => ({ ...request, temperature: 0 })),
        ),
        plugin("watch", ({ hooks }) =>
          hooks.beforeUpstream.tap(({ temperature }) => {
            seen.push(temperature);
          }),
        ),
      ],
    });
    await vr.post({ temperature: 1.5 });
    expect(seen).toEqual([0]);
    expect(model.requests[0]?.temperature).toBe(0);
  });

  it.each<[string, object]>([
    ["items that are a text", { items: "noon" }],
    ["no items", { items: undefined }],
    ["an item that is none", { items: [undefined] }],
    ["tools that are no list", { tools: {} }],
    ["a tool that is none", { tools: [null] }],
  ])("fails a request that a tap returns with %s, in the tap's name", async (_, wrong) => {
    const model = scripted(says("noon"));
    const vr = await startInProcess({
      plugins: [
        model,
        plugin("wrong", ({ hooks }) =>
          hooks.beforeUpstream.tap((request) => ({ ...request, ...wrong }) as ModelRequest),
        ),
      ],
    });
    const { status, error } = await vr.post();
    expect(status).toBe(500);
    expect(error).toMatchObject({
      code: "plugin_error",
      message: 'plugin "wrong" returned something in beforeUpstream that is not a model request',
    });
    expect(model.requests).toEqual([]);
  });

  it("keeps the request when a tap returns nothing", async () => {
    const model = scripted(says("noon"));
    const vr = await startInProcess({
      plugins: [model, plugin("idle", ({ hooks }) => hooks.beforeUpstream.tap(async () => {}))],
    });
    expect((await vr.post({ temperature: 1.5 })).status).toBe(200);
    expect(model.requests[0]?.temperature).toBe(1.5);
  });

  it("waits for an asynchronous tap before it asks the next", async () => {
    const order: string[] = [];
    const slow = plugin("slow", ({ hooks }) =>
      hooks.beforeUpstream.tap(async () => {
        await new Promise(setImmediate);
        order.push("slow");
      }),
    );
    const fast = plugin("fast", ({ hooks }) => hooks.beforeUpstream.tap(() => void order.push("fast")));
    const vr = await startInProcess({ plugins: [scripted(says("noon")), slow, fast] });
    await vr.post();
    expect(order).toEqual(["slow", "fast"]);
  });

  it("runs once per turn, each time on the request as the pipeline made it", async () => {
    const model = scripted(calls(["clock", {}]), says("noon"));
    const turns: Array<[number, number | undefined]> = [];
    const vr = await startInProcess({
      plugins: [
        model,
        clock,
        plugin("warmer", ({ hooks }) =>
          hooks.beforeUpstream.tap((request, turn) => {
            turns.push([turn.index, request.temperature]);
            return { ...request, temperature: 2 };
          }),
        ),
      ],
    });
    await vr.post({ temperature: 1 });
    expect(turns).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(model.requests.map(({ temperature }) => temperature)).toEqual([2, 2]);
  });

  it("refuses with its own status on turn 0, as a plain answer without a stream", async () => {
    const refusal = () => ({
      plugins: [
        scripted(),
        plugin("doorman", ({ hooks }) =>
          hooks.beforeUpstream.tap(() => {
            throw new RefusedError("not today", { code: "closed", param: "input" });
          }),
        ),
      ],
    });
    const { status, error } = await bothWays(refusal);
    expect(status).toBe(403);
    expect(error).toEqual({ message: "not today", type: "permission_error", code: "closed", param: "input" });
  });

  it("fails the response when it refuses on a later turn", async () => {
    const { response, types } = await bothWays(() => ({
      plugins: [
        scripted(calls(["clock", {}])),
        clock,
        plugin("doorman", ({ hooks }) =>
          hooks.beforeUpstream.tap((_, turn) => {
            if (turn.index === 1) throw new VrError(429, "rate_limit_error", "enough for today");
          }),
        ),
      ],
    }));
    expect(types.at(-1)).toBe("response.failed");
    expect(response.error).toEqual({ code: "rate_limit_exceeded", message: "enough for today" });
    expect(response.output).toMatchObject([{ type: "mcp_call", status: "completed", output: "12" }]);
  });

  it("refuses with a status although the tools of the request have items to list", async () => {
    const listing = plugin("lister", (vr) =>
      vr.tools.kind({
        type: "mcp",
        resolve: () => ({
          tools: [],
          items: [
            {
              idPrefix: "mcpl",
              opened: { type: "mcp_list_tools", server_label: "docs", tools: [] },
              item: { type: "mcp_list_tools", server_label: "docs", tools: [] },
              events: [
                { type: "response.mcp_list_tools.in_progress" },
                { type: "response.mcp_list_tools.completed" },
              ],
            },
          ],
        }),
      }),
    );
    const { status } = await bothWays(
      () => ({
        plugins: [
          scripted(),
          listing,
          plugin("doorman", ({ hooks }) =>
            hooks.beforeUpstream.tap(() => {
              throw new RefusedError("not today");
            }),
          ),
        ],
      }),
      { tools: [{ type: "mcp", server_label: "docs" }] },
    );
    expect(status).toBe(403);
  });

  it("ends the response as incomplete when a tap throws GuardrailStop", async () => {
    const { response } = await bothWays(() => ({
      plugins: [
        scripted(),
        plugin("guard", ({ hooks }) =>
          hooks.beforeUpstream.tap(() => {
            throw new GuardrailStop("no");
          }),
        ),
      ],
    }));
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
      output: [],
    });
  });

  it.each([
    ["null", null],
    ["a number", 7],
    ["an array", []],
  ])("takes %s for an error that names plugin and hook", async (_, returned) => {
    const { status, error } = await bothWays(() => ({
      plugins: [
        scripted(says("noon")),
        plugin("odd", ({ hooks }) => hooks.beforeUpstream.tap(() => returned as unknown as ModelRequest)),
      ],
    }));
    expect(status).toBe(500);
    expect(error.message).toContain('"odd"');
    expect(error.message).toContain("beforeUpstream");
  });
});

describe("turn.answer", () => {
  it("answers without any upstream, through onChunk and the items", async () => {
    const model = scripted();
    const { response, vr } = await bothWays(() => ({
      plugins: [
        model,
        plugin("cache", ({ hooks }) =>
          hooks.beforeUpstream.tap((_, turn) => turn.answer([think("seen before"), text("noon"), finish()])),
        ),
        plugin("loud", ({ hooks }) =>
          hooks.onChunk.tap((chunk) => (chunk.type === "text" ? text(chunk.text.toUpperCase()) : undefined)),
        ),
      ],
    }));
    expect(model.requests).toEqual([]);
    expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    expect(wordsOf(response.output)).toBe("NOON");
    expect((await vr.get(response.id)).response).toEqual(response);
  });

  it("adds the end where the chunks have none", async () => {
    const { response } = await bothWays(() => ({
      plugins: [
        scripted(),
        plugin("cache", ({ hooks }) => hooks.beforeUpstream.tap((_, turn) => turn.answer([text("noon")]))),
      ],
    }));
    expect(response.status).toBe("completed");
    expect(wordsOf(response.output)).toBe("noon");
  });

  it("may call the gateway's tools and the client's", async () => {
    const { response } = await bothWays(
      () => ({
        plugins: [
          scripted(),
          clock,
          plugin("router", ({ hooks }) =>
            hooks.beforeUpstream.tap((_, turn) =>
              turn.answer([...call("clock", {}, 0), begin("weather", 1), finish("tool_calls")]),
            ),
          ),
        ],
      }),
      { tools: [{ type: "function", name: "weather", parameters: {} }] },
    );
    expect(response.output).toMatchObject([
      { type: "mcp_call", status: "completed", output: "12" },
      { type: "function_call", name: "weather", call_id: "call_weather_1" },
    ]);
  });

  it.each<[string, (request: ModelRequest) => ModelRequest | undefined]>([
    ["only looks at", () => undefined],
    ["changes", (request) => ({ ...request, temperature: 0 })],
  ])("stands although a later tap %s the request", async (_, later) => {
    const { response } = await bothWays(() => ({
      plugins: [
        scripted(),
        plugin("cache", ({ hooks }) => hooks.beforeUpstream.tap((_, turn) => turn.answer([text("noon")]))),
        plugin("watch", ({ hooks }) => hooks.beforeUpstream.tap(later)),
      ],
    }));
    expect(wordsOf(response.output)).toBe("noon");
  });
});
