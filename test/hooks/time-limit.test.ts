import { describe, expect, it, onTestFinished, vi } from "vitest";
import { TapClock } from "../../core/hook-limit.ts";
import { type Hooks, RefusedError, type Tap, type TapOptions } from "../../core/index.ts";
import { plugin, wordsOf } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, gate, says, scripted } from "../helpers/scripted.ts";

const never = () => new Promise<never>(() => {});
const clock = plugin("clock", ({ tools }) =>
  tools.add({ name: "clock", parameters: {}, execute: () => ({ kind: "output", output: "12" }) }),
);
const model = () => scripted(calls(["clock", {}]), says("half ", "past ", "noon"));
const limits = { hookTimeoutMs: 20 };

type HookName = keyof Hooks;
type Tapping = (options: TapOptions, fn: typeof never) => void;
/** A tap that never settles. */
const hanging = (hook: HookName, options: { onError?: "warn" } = {}) =>
  plugin("stuck", ({ hooks }) => {
    if (hook === "onChunk") hooks.onChunk.tap({ async: true, name: "wait", ...options }, never);
    else (hooks[hook].tap as Tapping)({ name: "wait", ...options }, never);
  });
const late = (hook: HookName) =>
  `plugin "stuck/wait" has not settled in ${hook} within 20 ms (timeouts.hookMs)`;

describe("a tap that never settles", () => {
  it("of beforeUpstream is a 500 that names it", async () => {
    const vr = await startInProcess({ plugins: [model(), clock, hanging("beforeUpstream")], limits });
    const { status, error } = await vr.post();
    expect(status).toBe(500);
    expect(error).toMatchObject({ message: late("beforeUpstream"), code: "plugin_error" });
  });

  it.each<HookName>(["onChunk", "onOutputItem", "onToolCall"])(
    "of %s fails the response, with its name",
    async (hook) => {
      const vr = await startInProcess({ plugins: [model(), clock, hanging(hook)], limits });
      const { response } = await vr.stream();
      expect(response).toMatchObject({ status: "failed", error: { message: late(hook) } });
    },
  );

  it("of onComplete is logged with its name, and holds up neither clients nor the other observers", async () => {
    const seen: string[] = [];
    const other = plugin("other", ({ hooks }) =>
      hooks.onComplete.tap(({ status }) => void seen.push(String(status))),
    );
    const vr = await startInProcess({ plugins: [model(), clock, hanging("onComplete"), other], limits });
    expect((await vr.stream()).response.status).toBe("completed");
    await Promise.all(vr.gateway.engine.observing.values);
    expect(seen).toEqual(["completed"]);
    const line = vr.log.find(({ fields }) => fields.hook === "onComplete");
    expect(line).toMatchObject({ level: "error", fields: { plugin: "stuck/wait" } });
    expect(String(line?.fields.err)).toContain(late("onComplete"));
  });

  it.each<HookName>(["beforeUpstream", "onChunk", "onOutputItem", "onToolCall"])(
    "of %s is passed over with onError: warn",
    async (hook) => {
      const plugins = [model(), clock, hanging(hook, { onError: "warn" })];
      const vr = await startInProcess({ plugins, limits: { hookTimeoutMs: 1 } });
      const { response } = await vr.stream();
      expect(response.status).toBe("completed");
      expect(wordsOf(response.output)).toBe("half past noon");
    },
  );

  it("counts as an error of the tap", async () => {
    const taps: { errors: number }[] = [];
    const reading = plugin("reading", (vr) => void vr.onReady(() => void taps.push(...vr.taps())));
    const vr = await startInProcess({
      plugins: [model(), clock, hanging("beforeUpstream"), reading],
      limits,
    });
    await vr.post();
    expect(taps).toMatchObject([{ errors: 1 }]);
  });

  it("may fail when nobody waits any more: what it says then is ignored", async () => {
    const slow = gate();
    const plugins = [
      model(),
      clock,
      plugin("stuck", ({ hooks }) =>
        hooks.beforeUpstream.tap({ onError: "warn" }, async () => {
          await slow.promise;
          throw new RefusedError("too late");
        }),
      ),
    ];
    const vr = await startInProcess({ plugins, limits });
    const { response } = await vr.stream();
    slow.open();
    await new Promise(setImmediate); // a rejection that nobody awaits would fail the test
    expect(response.status).toBe("completed");
  });

  it("need not be a Promise: whatever has a then is awaited as long", async () => {
    // biome-ignore lint/suspicious/noThenProperty: a thenable that is no Promise is what is tested.
    const thenable = { then: () => {} } as unknown as Promise<undefined>;
    const plugins = [
      model(),
      clock,
      plugin("stuck", ({ hooks }) => hooks.onToolCall.tap({ name: "wait" }, () => thenable)),
    ];
    const vr = await startInProcess({ plugins, limits });
    expect((await vr.stream()).response.error?.message).toBe(late("onToolCall"));
  });
});

it("the limit is for one call: chunks of one read that take longer together pass", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const tap = { name: "slow", hook: "onChunk" } as Tap<unknown>;
  const clock = new TapClock(tap, 20);
  for (const chunk of ["half", "past", "noon"]) {
    const said = clock.hold(new Promise((resolve) => setTimeout(() => resolve(chunk), 15)));
    vi.advanceTimersByTime(15);
    expect(await said).toBe(chunk);
  }
  const hangs = clock.hold(never());
  vi.advanceTimersByTime(20);
  await expect(hangs).rejects.toThrow('plugin "slow" has not settled in onChunk within 20 ms');
});

describe("hooks that take their time before the first turn", () => {
  const waiting = (until: Promise<unknown>, refuse = false) =>
    plugin("slow", ({ hooks }) =>
      hooks.beforeUpstream.tap(async (_, { index }) => {
        if (index > 0) return;
        await until;
        if (refuse) throw new RefusedError("not that word", { code: "word" });
      }),
    );

  it("do not keep the stream from opening, nor from being kept alive", async () => {
    const slow = gate();
    const vr = await startInProcess({
      plugins: [scripted(says("noon")), waiting(slow.promise)],
      limits: { headersAfterMs: 1, keepAliveMs: 1 },
    });
    const stream = await vr.open();
    await stream.until("response.created");
    await stream.until("response.in_progress");
    await stream.until("response.in_progress"); // again: the client's idle timer begins anew
    slow.open();
    expect((await stream.rest()).response.status).toBe("completed");
  });

  it("refuse a stream that has opened with response.failed, and nothing of the request is kept", async () => {
    const slow = gate();
    const upstream = scripted(says("noon"));
    const vr = await startInProcess({
      plugins: [upstream, waiting(slow.promise, true)],
      limits: { headersAfterMs: 1 },
    });
    const stream = await vr.open({ input: "the falcon" });
    const { response } = await stream.until("response.created");
    slow.open();
    const ended = (await stream.rest()).response;
    expect(ended).toMatchObject({
      status: "failed",
      error: { code: "invalid_prompt", message: "not that word" },
    });
    expect(upstream.requests).toEqual([]);
    const followUp = await vr.post({ input: "and now?", previous_response_id: response.id });
    expect(JSON.stringify([followUp.status, upstream.requests])).not.toContain("falcon");
  });

  it("have not let a request pass whose client leaves: nothing of it is kept", async () => {
    const upstream = scripted(says("noon"));
    const asked = gate();
    const guard = plugin("guard", ({ hooks }) =>
      hooks.beforeUpstream.tap((_, { response }) => {
        if (response.request.previous_response_id !== undefined) return;
        asked.open();
        return new Promise<never>(() => {});
      }),
    );
    const ended = gate<string | undefined>();
    const observer = plugin("observer", ({ hooks }) =>
      hooks.onComplete.tap(({ id, status }) => {
        if (status === "cancelled") ended.open(id);
      }),
    );
    const vr = await startInProcess({
      plugins: [upstream, guard, observer],
      limits: { headersAfterMs: 1 },
    });
    const stream = await vr.open({ input: "the falcon" });
    await stream.until("response.created");
    await asked.promise;
    stream.leave();
    const id = await ended.promise;
    const followUp = await vr.post({ input: "and now?", previous_response_id: id });
    expect(followUp.status).toBe(200);
    expect(upstream.read(0)).toMatchObject([{ content: [{ text: "and now?" }] }]);
  });

  it("leave an unstreamed request its plain status", async () => {
    const vr = await startInProcess({
      plugins: [scripted(), waiting(Promise.resolve(), true)],
      limits: { headersAfterMs: 1 },
    });
    expect((await vr.post()).status).toBe(403);
  });
});
