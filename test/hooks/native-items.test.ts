import { describe, expect, it } from "vitest";
import { GuardrailStop, type ModelChunk, type wire } from "../../core/index.ts";
import { bothWays } from "../helpers/both-ways.ts";
import { finish } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { scripted } from "../helpers/scripted.ts";

const search = (status: "in_progress" | "completed") =>
  ({
    type: "web_search_call",
    id: "ws_upstream",
    status,
    action: { type: "search", query: "vr", queries: ["vr"] },
  }) satisfies wire.OutputItem;
const passed = (item: wire.OutputItem, stage: "added" | "done"): ModelChunk => ({
  type: "item",
  item,
  stage,
});
/** What an upstream that speaks items itself sends for a search of its own. */
const native = [
  [
    passed(search("in_progress"), "added"),
    {
      type: "item_event",
      event: { type: "response.web_search_call.in_progress", item_id: "ws_upstream", output_index: 7 },
    },
    {
      type: "item_event",
      event: { type: "response.web_search_call.searching", item_id: "ws_upstream", output_index: 7 },
    },
    {
      type: "item_event",
      event: { type: "response.web_search_call.completed", item_id: "ws_upstream", output_index: 7 },
    },
    passed(search("completed"), "done"),
    finish(),
  ] satisfies ModelChunk[],
];

describe("an item of an upstream that speaks items itself", () => {
  it("passes with its id and its events, at a place of the response's own", async () => {
    const { response, types } = await bothWays(() => ({ plugins: [scripted(native)] }));
    expect(response.output).toEqual([search("completed")]);
    expect(types.slice(2, -1)).toEqual([
      "response.output_item.added",
      "response.web_search_call.in_progress",
      "response.web_search_call.searching",
      "response.web_search_call.completed",
      "response.output_item.done",
    ]);
  });

  it("is seen by onOutputItem, once, complete, before its first event of an end", async () => {
    const seen: wire.OutputItem[] = [];
    const { types } = await bothWays(() => ({
      plugins: [
        scripted(native),
        {
          name: "observer",
          setup: (vr) => vr.hooks.onOutputItem.tap((item) => void seen.push(item)),
        },
      ],
    }));
    expect(seen).toEqual([search("completed"), search("completed")]); // as JSON and as SSE
    expect(types).toContain("response.web_search_call.completed");
  });

  it("ends the response, closed as cut off, where a guardrail stops at it", async () => {
    const { response, types } = await bothWays(() => ({
      plugins: [
        scripted(native),
        {
          name: "guard",
          setup: (vr) =>
            vr.hooks.onOutputItem.tap(() => {
              throw new GuardrailStop("no searches");
            }),
        },
      ],
    }));
    expect(response.incomplete_details).toEqual({ reason: "content_filter" });
    expect(response.output).toEqual([{ ...search("in_progress"), status: "failed" }]);
    expect(types).not.toContain("response.web_search_call.completed");
  });

  it("is closed as cut off when the upstream breaks off in it", async () => {
    const broken = [native[0]?.slice(0, 3) ?? []];
    const vr = await startInProcess({ plugins: [scripted(broken)] });
    const { response } = await vr.stream({});
    expect(response.status).toBe("failed");
    expect(response.output).toEqual([{ ...search("in_progress"), status: "failed" }]);
  });

  it("keeps the code that was shown when the upstream breaks off in it", async () => {
    const item = {
      type: "code_interpreter_call",
      id: "ci_upstream",
      status: "in_progress",
      code: "",
      container_id: "cntr_1",
      outputs: null,
    } satisfies wire.OutputItem;
    const at = { item_id: "ci_upstream", output_index: 0 };
    const code = (delta: string): ModelChunk => ({
      type: "item_event",
      event: { type: "response.code_interpreter_call_code.delta", ...at, delta },
    });
    const started: ModelChunk = {
      type: "item_event",
      event: { type: "response.code_interpreter_call.in_progress", ...at },
    };
    const broken = [[passed(item, "added"), started, code("1+"), code("1")]];
    const vr = await startInProcess({ plugins: [scripted(broken)] });
    const { response } = await vr.stream({});
    expect(response.output).toEqual([{ ...item, code: "1+1", status: "incomplete" }]);
  });
});
