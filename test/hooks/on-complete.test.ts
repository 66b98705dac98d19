import { describe, expect, it } from "vitest";
import { type EndContext, UpstreamError, type wire } from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { finish, text } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { gate, type ScriptedTurn, says, scripted } from "../helpers/scripted.ts";

/** A plugin that observes, and what it has seen. */
function observer(name = "observer") {
  const seen: wire.Response[] = [];
  const first = Promise.withResolvers<[wire.Response, EndContext]>();
  return {
    seen,
    first: first.promise,
    plugin: plugin(name, ({ hooks }) =>
      hooks.onComplete.tap((response, context) => {
        seen.push(response);
        first.resolve([response, context]);
      }),
    ),
  };
}

describe("onComplete", () => {
  it.each<[string, ScriptedTurn]>([
    ["completed", says("noon")],
    ["incomplete", [text("half a"), finish("length")]],
    ["failed", [text("half a"), new UpstreamError(502, "the model server crashed")]],
  ])("is told of a %s response, as the client saw it, once", async (status, turn) => {
    const { seen, first, plugin } = observer();
    const vr = await startInProcess({ plugins: [scripted(turn), plugin] });
    const { response } = await vr.stream();
    const [told, context] = await first;
    expect(response.status).toBe(status);
    expect(told).toEqual(response);
    expect(context.id).toBe(response.id);
    expect(seen).toHaveLength(1);
  });

  it("is told of a cancelled response, with what was finished", async () => {
    const { first, plugin } = observer();
    const vr = await startInProcess({ plugins: [scripted([text("half a"), gate().promise]), plugin] });
    const stream = await vr.open();
    await stream.until("response.output_text.delta");
    stream.leave();
    const [told] = await first;
    expect(told).toMatchObject({ status: "cancelled", output: [] });
    expect((await vr.get(told.id)).response).toEqual(told);
  });

  it("is told of unstreamed responses as of streamed ones", async () => {
    const { first, plugin } = observer();
    const vr = await startInProcess({ plugins: [scripted(says("noon")), plugin] });
    const { response } = await vr.post();
    expect((await first)[0]).toEqual(response);
  });

  it("keeps no client waiting: the stream has ended while an observer still works", async () => {
    const forever = gate();
    const vr = await startInProcess({
      plugins: [
        scripted(says("noon"), says("one")),
        plugin("slow", ({ hooks }) => hooks.onComplete.tap(() => forever.promise)),
      ],
    });
    expect((await vr.stream()).response.status).toBe("completed");
    expect((await vr.post()).response.status).toBe("completed");
  });

  it("asks observers in parallel", async () => {
    const other = gate();
    const both = gate();
    const vr = await startInProcess({
      plugins: [
        scripted(says("noon")),
        plugin("waits", ({ hooks }) =>
          hooks.onComplete.tap(async () => {
            await other.promise;
            both.open();
          }),
        ),
        plugin("opens", ({ hooks }) => hooks.onComplete.tap(() => other.open())),
      ],
    });
    await vr.post();
    await both.promise;
  });

  it.each<[string, () => void | Promise<void>]>([
    [
      "throws",
      () => {
        throw new Error("the log server is down");
      },
    ],
    ["rejects", async () => Promise.reject(new Error("the log server is down"))],
  ])("logs an observer that %s, shows the client nothing, and tells the others", async (_, failing) => {
    const { first, plugin: observing } = observer();
    const vr = await startInProcess({
      plugins: [
        scripted(says("noon")),
        plugin("broken", ({ hooks }) => hooks.onComplete.tap(failing)),
        observing,
      ],
    });
    const { response } = await vr.stream();
    expect(response.status).toBe("completed");
    await first;
    const errors = vr.log.filter(({ level }) => level === "error");
    expect(errors.map(({ fields }) => [fields.plugin, fields.hook])).toEqual([["broken", "onComplete"]]);
  });

  it("is waited for when the gateway closes", async () => {
    const record = gate();
    let ended = false;
    const slow = plugin("slow", ({ hooks }) =>
      hooks.onComplete.tap(async () => {
        await record.promise;
        ended = true;
      }),
    );
    const vr = await startInProcess({ plugins: [scripted(says("noon")), slow] });
    await vr.post();
    const closed = vr.close().then(() => ended);
    record.open();
    expect(await closed).toBe(true);
  });
});
