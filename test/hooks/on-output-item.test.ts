import { describe, expect, it } from "vitest";
import { GuardrailStop, type TapFunction, type Turn, type wire } from "../../core/index.ts";
import { bothWays, plugin, wordsOf } from "../helpers/both-ways.ts";
import { begin, call, citation, cite, finish, refuse, text, think } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, type ScriptedTurn, says, scripted } from "../helpers/scripted.ts";

type Item = wire.OutputItem;
type ItemTap = TapFunction<[item: Item, turn: Turn], Item>;

const tapping = (tap: ItemTap, name = "tap") => plugin(name, ({ hooks }) => hooks.onOutputItem.tap(tap));
const clock = (output = "12") =>
  plugin("clock", (vr) =>
    vr.tools.add({ name: "clock", parameters: {}, execute: () => ({ kind: "output", output }) }),
  );
const weather = { type: "function", name: "weather", parameters: {} };

/** A tap for one type of item. */
const onItem =
  <T extends Item["type"]>(
    type: T,
    change: (item: Extract<Item, { type: T }>) => Item | undefined,
  ): ItemTap =>
  (item) =>
    item.type === type ? change(item as Extract<Item, { type: T }>) : undefined;

const annotated = (item: wire.OutputMessage, ...urls: string[]): wire.OutputMessage => ({
  ...item,
  content: item.content.map((part) =>
    part.type === "output_text"
      ? { ...part, annotations: [...part.annotations, ...urls.map(citation)] }
      : part,
  ),
});

describe("onOutputItem", () => {
  it("sees every kind of item once, complete", async () => {
    const seen: string[] = [];
    const vr = await startInProcess({
      plugins: [
        scripted(
          [think("hm"), text("wait"), ...call("clock", {}, 0), begin("weather", 1), finish("tool_calls")],
          says(),
        ),
        clock(),
        tapping((item) => {
          const { type, status } = item as { type: string; status?: string };
          seen.push(`${type} ${status}`);
        }),
      ],
    });
    await vr.post({ tools: [weather] });
    expect(seen).toEqual([
      "reasoning completed",
      "message completed",
      "function_call completed",
      "mcp_call completed",
    ]);
  });

  it("awaits whatever can be awaited, which need not be a Promise", async () => {
    // biome-ignore lint/suspicious/noThenProperty: a thenable that is no Promise is what is tested.
    const changed = { then: (resolve: (item: undefined) => void) => resolve(undefined) };
    const vr = await startInProcess({
      plugins: [scripted(says("noon")), tapping(() => changed as unknown as Promise<undefined>)],
    });
    const { response } = await vr.post();
    expect(response.status).toBe("completed");
  });

  it("runs before the item's first *.done event, and after its deltas have left", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const vr = await startInProcess({ plugins: [scripted(says("noon")), tapping(() => held)] });
    const stream = await vr.open();
    expect((await stream.until("response.output_text.delta")).delta).toBe("noon");
    release();
    expect((await stream.rest()).types.slice(-4)).toEqual([
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
  });

  it("adds annotations, which are sent as events before text.done", async () => {
    const { response, types, events } = await bothWays(() => ({
      plugins: [
        scripted([text("noon"), cite("https://one.example"), finish()]),
        tapping(onItem("message", (item) => annotated(item, "https://two.example", "https://three.example"))),
      ],
    }));
    expect(response.output).toMatchObject([
      {
        content: [
          {
            annotations: [
              { url: "https://one.example" },
              { url: "https://two.example" },
              { url: "https://three.example" },
            ],
          },
        ],
      },
    ]);
    expect(types.filter((type) => /annotation|text\.done/.test(type))).toEqual([
      "response.output_text.annotation.added",
      "response.output_text.annotation.added",
      "response.output_text.annotation.added",
      "response.output_text.done",
    ]);
    const indexes = events.map((event) => (event as { annotation_index?: number }).annotation_index);
    expect(indexes.filter((index) => index !== undefined)).toEqual([0, 1, 2]);
  });

  it("hands each tap the item as the one before it left it", async () => {
    const { response } = await bothWays(() => ({
      plugins: [
        scripted(says("noon")),
        tapping(
          onItem("message", (item) => annotated(item, "https://one.example")),
          "first",
        ),
        tapping(
          onItem("message", (item) => annotated(item, "https://two.example")),
          "second",
        ),
      ],
    }));
    expect(response.output).toMatchObject([
      { content: [{ annotations: [{ url: "https://one.example" }, { url: "https://two.example" }] }] },
    ]);
  });

  it.each<[string, Partial<wire.MCPToolCall>, Partial<wire.MCPToolCall>, string]>([
    ["output", { output: "[redacted]" }, { output: "[redacted]", error: null }, "[redacted]"],
    [
      "output, into an error",
      {
        output: null,
        status: "failed",
        error: { type: "mcp_tool_execution_error", content: [{ type: "text", text: "withheld" }] },
      },
      { output: null, status: "failed" },
      "Error: withheld",
    ],
  ])("changes a tool's %s, and the model is told the changed one", async (_, change, shown, told) => {
    const models: ReturnType<typeof scripted>[] = [];
    const { response } = await bothWays(() => {
      const model = scripted(calls(["clock", {}]), says("noon"));
      models.push(model);
      return {
        plugins: [model, clock("secret 12"), tapping(onItem("mcp_call", (item) => ({ ...item, ...change })))],
      };
    });
    expect(response.output[0]).toMatchObject({ type: "mcp_call", ...shown });
    for (const model of models) expect(model.read(1).at(-1)).toMatchObject({ output: told });
  });

  it("leaves the changed output in the history", async () => {
    const model = scripted(calls(["clock", {}]), says("noon"), says("again"));
    const vr = await startInProcess({
      plugins: [
        model,
        clock("secret 12"),
        tapping(onItem("mcp_call", (item) => ({ ...item, output: "[redacted]" }))),
      ],
    });
    const { response } = await vr.stream();
    await vr.post({ previous_response_id: response.id });
    expect(JSON.stringify(model.requests)).not.toContain("secret 12");
    expect(JSON.stringify(model.read(2))).toContain("[redacted]");
  });

  describe("what was streamed is immutable", () => {
    const changes: [string, ScriptedTurn, ItemTap, string][] = [
      [
        "the text of a message",
        says("noon"),
        onItem("message", (item) => ({
          ...item,
          content: [{ type: "output_text", text: "midnight", annotations: [], logprobs: [] }],
        })),
        "item.content[0].text",
      ],
      [
        "a refusal",
        says(refuse("no")),
        onItem("message", (item) => ({ ...item, content: [{ type: "refusal", refusal: "yes" }] })),
        "item.content[0].refusal",
      ],
      [
        "the words of a reasoning item",
        says(think("hm")),
        onItem("reasoning", (item) => ({ ...item, content: [{ type: "reasoning_text", text: "aha" }] })),
        "item.content[0].text",
      ],
      [
        "the arguments of a function call",
        calls(["weather", { city: "Paris" }]),
        onItem("function_call", (item) => ({ ...item, arguments: '{"city":"Rome"}' })),
        "item.arguments",
      ],
      [
        "the name of a function call",
        calls(["weather", {}]),
        onItem("function_call", (item) => ({ ...item, name: "storm" })),
        "item.name",
      ],
      ["an id", says("noon"), onItem("message", (item) => ({ ...item, id: "msg_1" })), "item.id"],
      ["an item's type", says("noon"), () => ({ type: "reasoning", id: "rs_1", summary: [] }), "item."],
      [
        "the number of parts",
        says("noon"),
        onItem("message", (item) => ({ ...item, content: [] })),
        "item.content[0]",
      ],
    ];

    it.each(changes)("names the tap that changes %s", async (_, turn, tap, path) => {
      const make = () => ({ plugins: [scripted(turn), tapping(tap, "rewriter")] });
      const plain = await (await startInProcess(make())).post({ tools: [weather] });
      const { response } = await (await startInProcess(make())).stream({ tools: [weather] });
      expect(plain.status).toBe(500);
      for (const message of [plain.error.message, response.error?.message ?? ""]) {
        expect(message).toContain('"rewriter"');
        expect(message).toContain("onOutputItem");
        expect(message).toContain(path);
      }
    });

    it("keeps a tap from writing into the item", async () => {
      const { response } = await (
        await startInProcess({
          plugins: [
            scripted(says("noon")),
            tapping(
              onItem("message", (item) => {
                (item.content[0] as { text: string }).text = "midnight";
                return undefined;
              }),
              "scribbler",
            ),
          ],
        })
      ).stream();
      expect(response.error?.message).toBe('plugin "scribbler" failed in onOutputItem');
      expect(wordsOf(response.output)).toBe("noon");
    });
  });

  describe("GuardrailStop", () => {
    const stopping = (type: Item["type"]) =>
      tapping((item) => {
        if (item.type === type) throw new GuardrailStop("forbidden");
      });
    const isStopped = { status: "incomplete", incomplete_details: { reason: "content_filter" } };

    it("ends the response at a message, which stays as far as it was streamed", async () => {
      const { response } = await bothWays(() => ({ plugins: [scripted(says("noon")), stopping("message")] }));
      expect(response).toMatchObject({ ...isStopped, output: [{ type: "message", status: "incomplete" }] });
      expect(wordsOf(response.output)).toBe("noon");
    });

    it("ends it at a client's call", async () => {
      const { response } = await bothWays(
        () => ({ plugins: [scripted(calls(["weather", { city: "Paris" }])), stopping("function_call")] }),
        { tools: [weather] },
      );
      expect(response).toMatchObject({
        ...isStopped,
        output: [{ type: "function_call", status: "incomplete" }],
      });
    });

    it("ends it at a tool's result, which neither client nor model sees", async () => {
      const models: ReturnType<typeof scripted>[] = [];
      const { response, events } = await bothWays(() => {
        const model = scripted(calls(["clock", {}]), says("never"));
        models.push(model);
        return { plugins: [model, clock("secret 12"), stopping("mcp_call")] };
      });
      expect(response).toMatchObject({
        ...isStopped,
        output: [{ type: "mcp_call", status: "incomplete", output: null }],
      });
      expect(JSON.stringify(events)).not.toContain("secret");
      for (const model of models) expect(model.requests).toHaveLength(1);
    });

    it("ends it at an item that a tool's entry lists, which is not shown", async () => {
      const item = { type: "mcp_list_tools" as const, server_label: "docs", tools: [] };
      const { response } = await bothWays(
        () => ({
          plugins: [
            scripted(),
            plugin("lister", (vr) =>
              vr.tools.kind({
                type: "mcp",
                resolve: () => ({ tools: [], items: [{ idPrefix: "mcpl", opened: item, item, events: [] }] }),
              }),
            ),
            stopping("mcp_list_tools"),
          ],
        }),
        { tools: [{ type: "mcp", server_label: "docs" }] },
      );
      expect(response).toMatchObject({ ...isStopped, output: [] });
    });
  });

  it("is not asked about items that the model was cut off in", async () => {
    const seen: string[] = [];
    const vr = await startInProcess({
      plugins: [scripted([text("half a"), finish("length")]), tapping((item) => void seen.push(item.type))],
    });
    await vr.post();
    expect(seen).toEqual([]);
  });
});
