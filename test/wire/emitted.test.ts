import { describe, expect, it, onTestFinished } from "vitest";
import { codeItem, messageItem, reasoningItem, refusalItem } from "../../core/testing/wire/samples.ts";
import { plugin } from "../helpers/both-ways.ts";
import { createChatServer } from "../helpers/chat-server.ts";
import { call, citation, finish, text } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { clock, clockTool, nativeAt } from "../helpers/native.ts";
import { added, called, done, events, responseOf, thought, told } from "../helpers/responses-says.ts";
import { scripted } from "../helpers/scripted.ts";
import { EVENTS } from "./coverage.ts";

/** The events that the table gives to the test of this name. */
const claimedBy = (test: string) =>
  Object.entries(EVENTS).flatMap(([type, entry]) =>
    typeof entry === "object" && entry.test === test ? [type] : [],
  );

/** An item that a server ran, with the events between its opening and its end. */
const hosted =
  (type: string, more: object, words: readonly (readonly [string, object?])[]) => (at: number) => {
    const item = { id: `${type}_${at}`, type, status: "completed", ...more };
    return [
      added(at, { ...item, status: "in_progress" }),
      ...words.map(([word, fields]) => ({
        type: `response.${type}.${word}`,
        item_id: item.id,
        output_index: at,
        ...fields,
      })),
      done(at, item),
    ];
  };

const SEARCH = [["in_progress"], ["searching"], ["completed"]] as const;
const IMAGE = { partial_image_index: 0, partial_image_b64: "AAA=" };

const ITEMS = [
  (at: number) => told(thought(`rs_${at}`, "First."), at),
  reasoningItem(["hm"]),
  codeItem(["1", "+1"]),
  hosted("web_search_call", { action: { type: "search", query: "noon" } }, SEARCH),
  hosted("file_search_call", { queries: ["noon"] }, SEARCH),
  hosted("image_generation_call", { result: "AAA=" }, [
    ["in_progress"],
    ["generating"],
    ["partial_image", IMAGE],
    ["completed"],
  ]),
  messageItem(["no", "on"], [{ ...citation("https://example.org/") }]),
  refusalItem(["no"]),
  (at: number) => told(called(`fc_${at}`, "call_1"), at),
];

describe("the events of the API", () => {
  it("come from a server that speaks the Responses API", async () => {
    const server = await createChatServer();
    onTestFinished(() => server.close());
    const said = ITEMS.flatMap((item, at) => item(at)) as { type: string; item?: unknown }[];
    const output = said.filter(({ type }) => type === "response.output_item.done").map(({ item }) => item);
    server.reply(events(said, responseOf(output)));
    const vr = await startInProcess({ plugins: [nativeAt(server)] });
    const { types, response } = await vr.stream({
      tools: [clock, { type: "web_search" }, { type: "image_generation" }],
    });
    expect(response.output.map(({ type }) => type)).toContain("image_generation_call");
    expect([...types]).toEqual(
      expect.arrayContaining(claimedBy("come from a server that speaks the Responses API")),
    );
  });

  it("begin and end every response", async () => {
    const turns = [
      [text("a"), finish()],
      [text("a"), finish("length")],
      [text("a"), new Error("broken")],
    ];
    const vr = await startInProcess({ plugins: [scripted(...turns)], limits: { headersAfterMs: 0 } });
    const types = new Set<string>();
    for (const _ of turns) for (const type of (await vr.stream()).types) types.add(type);
    expect([...types]).toEqual(expect.arrayContaining(claimedBy("begin and end every response")));
  });

  it("show the calls of the gateway's tools", async () => {
    const model = scripted(
      [...call("clock", {}), ...call("lost", {}, 1), finish("tool_calls")],
      [text("noon"), finish()],
    );
    const breaks = plugin("breaks", ({ hooks }) =>
      hooks.onToolCall.tap(({ name }) => (name === "lost" ? { kind: "error", message: "lost" } : undefined)),
    );
    const vr = await startInProcess({ plugins: [model, clockTool(), clockTool("lost"), breaks] });
    const { types } = await vr.stream();
    expect([...types]).toEqual(expect.arrayContaining(claimedBy("show the calls of the gateway's tools")));
  });
});
