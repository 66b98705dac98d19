import { describe, expect, it } from "vitest";
import type { Vr } from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";

interface Words {
  item: { content: { text: string }[] };
}

const shout = (items: readonly unknown[]) => {
  const [part] = (items as Words[])[0]?.item.content ?? [];
  if (part) part.text += "!";
};

/** Taps of plain JavaScript, which write into what they are given. */
const WRITERS: [string, (hooks: Vr["hooks"]) => void][] = [
  ["request.items", (hooks) => hooks.beforeUpstream.tap(({ items }) => shout(items))],
  ["context.history", (hooks) => hooks.beforeUpstream.tap((_, { response }) => shout(response.history))],
];

describe("what the SQLite store keeps of a conversation", () => {
  it.each(WRITERS)("is the same in every response, whatever a tap writes into %s", async (_, tap) => {
    const model = scripted(says("noon"), says("one"), says("two"));
    let writes = true;
    const writer = plugin("writer", ({ hooks }) =>
      tap({
        ...hooks,
        beforeUpstream: {
          tap: (fn: unknown) =>
            hooks.beforeUpstream.tap((request, turn) => {
              const follows = turn.response.request.previous_response_id !== undefined;
              if (follows && writes) (fn as (...given: unknown[]) => void)(request, turn);
            }),
        } as Vr["hooks"]["beforeUpstream"],
      }),
    );
    const vr = await startInProcess({ plugins: [model, writer] });
    const { response } = await vr.post({ input: "hello" });
    const follow = () => vr.post({ previous_response_id: response.id, input: "and now?" });
    for (const { error } of [await follow(), await follow(), await follow()])
      expect(error.message).toBe('plugin "writer" failed in beforeUpstream');
    writes = false;
    await follow();
    expect(model.read(1)[0]).toMatchObject({ content: [{ text: "hello" }] });
  });
});

describe("a tool's schema", () => {
  it("is the same in every request, whatever a tap writes into it", async () => {
    const model = scripted(says("noon"), says("one"));
    const parameters = { type: "object", properties: { zone: { type: "string" } } };
    const clock = plugin("clock", ({ tools }) =>
      tools.add({ name: "clock", parameters, execute: () => "12" }),
    );
    const writer = plugin("writer", ({ hooks }) =>
      hooks.beforeUpstream.tap(({ tools: [tool] }) => {
        Object.assign(tool?.parameters.properties as object, { secret: { type: "string" } });
      }),
    );
    const vr = await startInProcess({ plugins: [model, clock, writer] });
    expect((await vr.post()).error.message).toBe('plugin "writer" failed in beforeUpstream');
    expect(parameters.properties).toEqual({ zone: { type: "string" } });
  });
});
