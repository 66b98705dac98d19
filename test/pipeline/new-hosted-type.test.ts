import { describe, expect, it } from "vitest";
import type { ItemDraft, Presentation, Progress, ToolKind } from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { args, begin, finish } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, type ScriptedTurn, says, scripted } from "../helpers/scripted.ts";

/** A hosted tool that paints: `acme_paint` entries lead to `acme_paint_call` items, of which the core knows nothing. */
interface Painting {
  type: "acme_paint_call";
  id: string;
  status: string;
  subject: string;
  image: string | null;
}

const TYPE = "acme_paint_call";
const event = (what: string, fields: object = {}) =>
  ({ type: `response.${TYPE}.${what}`, ...fields }) as unknown as Progress;
const draft = (fields: Partial<Painting>) => ({ type: TYPE, image: null, ...fields }) as unknown as ItemDraft;

function present(): Presentation {
  let json = "";
  const subject = () => /"subject":\s*"([^"]*)"/.exec(json)?.[1] ?? "";
  return {
    idPrefix: "paint",
    item: draft({ status: "in_progress", subject: "" }),
    opened: [event("in_progress")],
    args(delta) {
      json += delta;
      return [];
    },
    ready: () => [event("painting")],
    done: (end) =>
      end.kind === "output"
        ? {
            item: draft({ status: "completed", subject: subject(), image: "AA==" }),
            events: [event("completed")],
          }
        : { item: draft({ status: "incomplete", subject: subject() }), events: [] },
  };
}

const kind: ToolKind = {
  type: "acme_paint",
  resolve: () => ({
    tools: [
      {
        name: "paint",
        wireName: "acme_paint",
        parameters: { type: "object" },
        present,
        execute: () => "painted",
      },
    ],
  }),
  items: [TYPE],
  replay: (item) => {
    const { id, subject } = item as unknown as Painting;
    return { id, name: "paint", arguments: JSON.stringify({ subject }), output: `a painting of ${subject}` };
  },
  mask: (item) => ({ ...item, image: null }) as unknown as typeof item,
};

const tools = [{ type: "acme_paint", style: "oil" }];
const painted = { type: TYPE, status: "completed", subject: "a cat", image: null };
const call = calls(["paint", { subject: "a cat" }]);
const asRead = [
  { type: "function_call", name: "paint", arguments: '{"subject":"a cat"}' },
  { type: "function_call_output", output: "a painting of a cat" },
];

/** Of the wire's schemas none knows such an item. */
interface Answer {
  id: string;
  output: { id: string }[];
  data: object[];
}

const toAnswer = async (response: Response) => (await response.json()) as Answer;

async function gateway(...turns: readonly ScriptedTurn[]) {
  const model = scripted(...turns);
  const vr = await startInProcess({
    plugins: [model, plugin("painter", ({ tools }) => tools.kind(kind))],
  });
  const ask = (body: object) =>
    fetch(`${vr.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: "hello", tools, ...body }),
    });
  const json = async (path: string) => toAnswer(await fetch(`${vr.url}/v1/responses/${path}`));
  const post = async (body: object) => toAnswer(await ask(body));
  return { model, ask, json, post };
}

describe("a hosted type that only a plugin knows", () => {
  it("shows as an item with events of its own, in order", async () => {
    const { ask } = await gateway(call, says("done"));
    const body = (await (await ask({ stream: true })).text()).matchAll(
      /^event: response\.(?!output_text|content_part)(.*)$/gm,
    );
    expect([...body].map(([, name]) => name).slice(2, -3)).toEqual([
      "output_item.added",
      `${TYPE}.in_progress`,
      `${TYPE}.painting`,
      `${TYPE}.completed`,
      "output_item.done",
    ]);
  });

  it("is echoed, can be forced, and is stored as it is masked", async () => {
    const { post, json, model } = await gateway(call, says("done"));
    const response = await post({ tool_choice: { type: "acme_paint" } });
    expect(response).toMatchObject({ status: "completed", tools, output: [painted, {}] });
    expect(response.output[0]?.id).toMatch(/^paint_[0-9a-f]{52}$/);
    expect(model.requests[0]?.toolChoice).toEqual({ mode: "required", names: ["paint"] });
    expect(await json(response.id)).toMatchObject({ output: [painted, {}] });
  });

  it("is read by the model in later responses, from the store and from the client", async () => {
    const { post, model } = await gateway(call, says("done"), says("a cat"), says("a cat"), says("a cat"));
    const { id, output } = await post({});
    const user = { role: "user", content: "what was it?" };
    await post({ previous_response_id: id, input: [user] });
    await post({ input: [{ role: "user", content: "hello" }, ...output, user] });
    await post({ input: [{ type: "item_reference", id: output[0]?.id }, user] });
    for (const n of [2, 3, 4])
      expect(model.read(n), `request ${n}`).toEqual(
        expect.arrayContaining(asRead.map((each) => expect.objectContaining(each))),
      );
  });

  it("is listed among the input items with its own id", async () => {
    const { post, json } = await gateway(says("a cat"));
    const { id } = await post({
      input: [
        { ...painted, id: "paint_1" },
        { role: "user", content: "what was it?" },
      ],
    });
    const { data } = await json(`${id}/input_items?order=asc`);
    expect(data[0]).toMatchObject({ ...painted, id: "paint_1" });
  });

  it("ends cut off where the model is, and is not read later", async () => {
    const cut = [[begin("paint"), args(0, '{"subject": "a'), finish("length")]];
    const { post, model } = await gateway(cut, says("on"));
    const { id, output } = await post({});
    expect(output).toMatchObject([{ type: TYPE, status: "incomplete" }]);
    await post({ previous_response_id: id });
    expect(model.read(1).map((item) => item.type)).toEqual(["message", "message"]);
  });

  it("needs an id in the input, and its plugin", async () => {
    const { post } = await gateway();
    expect(await post({ input: [{ type: TYPE }] })).toMatchObject({ error: { param: "input[0].id" } });
    expect(await post({ input: [{ type: "acme_other_call", id: "x" }] })).toMatchObject({
      error: { param: "input[0].type", message: expect.stringContaining("no known item type") },
    });
  });
});
