import { describe, expect, it } from "vitest";
import type { Presentation, Tool, ToolKind } from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { args as argsOf, begin, call, finish, text } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";
import { collectSse } from "../helpers/sse.ts";

const action = { type: "search" as const, query: "vr", queries: ["vr"] };
const item = { type: "web_search_call" as const, status: "in_progress" as const, action };
const broken = (): never => {
  throw new TypeError("the password is 1234");
};

const sound: Presentation = {
  idPrefix: "ws",
  item,
  opened: [{ type: "response.web_search_call.in_progress" }],
  args: () => [],
  ready: () => [{ type: "response.web_search_call.searching" }],
  done: (end) =>
    end.kind === "output"
      ? { item: { ...item, status: "completed" }, events: [{ type: "response.web_search_call.completed" }] }
      : { item: { ...item, status: "failed" }, events: [] },
};

const search = (
  presentation: Partial<Presentation>,
  tool: Partial<Tool> = {},
  kind: Partial<ToolKind> = {},
) =>
  plugin("search", ({ tools }) =>
    tools.kind({
      type: "web_search",
      resolve: () => ({
        tools: [
          {
            name: "search",
            parameters: {},
            present: () => ({ ...sound, ...presentation }),
            execute: () => ({ kind: "output", output: "found" }),
            ...tool,
          },
        ],
      }),
      items: ["web_search_call"],
      ...kind,
    }),
  );

const asking = { tools: [{ type: "web_search" }] };

describe("a tool plugin that throws where it should not", () => {
  it.each<[string, ReturnType<typeof search>]>([
    ["when its call opens", search({}, { present: broken })],
    ["while arguments stream", search({ args: broken })],
    ["when arguments are complete", search({ ready: broken })],
    ["when the call has ended", search({ done: broken })],
  ])("%s fails the response: one terminal event, every item closed, nothing told", async (_, wrong) => {
    const turn = [text("I look"), begin("search"), argsOf(0, "{}"), finish("tool_calls")];
    const vr = await startInProcess({ plugins: [scripted(turn, says("ok")), wrong] });
    const { response, types, events } = await vr.stream(asking);
    expect(
      types.filter((type) => /\.(failed|completed|incomplete)$/.test(type) && !/call/.test(type)),
    ).toEqual(["response.failed"]);
    expect(response.error?.code).toBe("server_error");
    expect(JSON.stringify(events)).not.toContain("the password");
    expect(vr.log.some(({ fields }) => String(fields.err).includes("1234"))).toBe(true);
  });

  it("in what it masks ends the stream with response.failed, and shows nothing of what it should mask", async () => {
    const vr = await startInProcess({
      plugins: [scripted(calls(["search", {}]), says("ok")), search({}, {}, { mask: broken })],
    });
    // Read without the checks of `vr.stream`: an item that cannot be masked cannot be closed either.
    const body = JSON.stringify({ input: "hello", stream: true, ...asking });
    const headers = { "content-type": "application/json" };
    const events = await collectSse(await fetch(`${vr.url}/v1/responses`, { method: "POST", headers, body }));
    expect(events.at(-1)).toMatchObject({ type: "response.failed", response: { output: [] } });
    expect(events.filter(({ type }) => type === "response.failed")).toHaveLength(1);
  });

  it("when the call has ended is a failure unstreamed too", async () => {
    const vr = await startInProcess({ plugins: [scripted(calls(["search", {}])), search({ done: broken })] });
    const { response } = await vr.post(asking);
    expect(response).toMatchObject({ status: "failed", error: { code: "server_error" } });
  });

  it("when it replays is a 500 of the request that reads the history, and of no other", async () => {
    const vr = await startInProcess({
      plugins: [
        scripted([...call("search", {}), finish("tool_calls")], says("ok"), says("fine")),
        search({}, {}, { replay: broken }),
      ],
    });
    const { response } = await vr.stream(asking);
    const { status, error } = await vr.post({ previous_response_id: response.id });
    expect(status).toBe(500);
    expect(error.message).not.toContain("the password");
    expect((await vr.post()).status).toBe(200);
  });
});
