import { AsyncParallelHook, AsyncSeriesBailHook, AsyncSeriesWaterfallHook, SyncWaterfallHook } from "tapable";
import type { EndContext, Log, Turn } from "./context.ts";
import { PluginError } from "./errors.ts";
import { liftAsync, liftSync } from "./hook-chunks.ts";
import { TapClock } from "./hook-limit.ts";
import { type AnyTapOptions, checkTapOptions } from "./hook-options.ts";
import { inOrder } from "./hook-order.ts";
import { guardItem, type ItemGuard, RETURNED } from "./hook-returns.ts";
import { isAsyncFunction, runTap, type Tap, type TapWatch } from "./hook-taps.ts";
import type { Hook, Hooks, SealedHooks } from "./hooks.ts";
import { responseFor, turnFor } from "./plugin-views.ts";
import type { ModelChunk } from "./protocol/chunk.ts";
import type { ModelRequest } from "./protocol/model-request.ts";
import type { OutputItem, Response as ResponseObject } from "./protocol/wire.ts";
import type { ToolCall, ToolDecision } from "./tool.ts";
import { untilAborted } from "./until-aborted.ts";

type Batch = readonly ModelChunk[];
type HookName = keyof Hooks;
// biome-ignore lint/suspicious/noExplicitAny: one list holds the taps of all hooks; the facades are typed.
type AnyTap = Tap<(...args: any[]) => any>;

/** Starts to measure and limit a tap. */
type Watch = (tap: AnyTap) => TapWatch;

/** Collects taps while plugins set up, then seals them into tapable's hooks. */
export class HookSet {
  readonly #taps: Record<HookName, AnyTap[]> = {
    beforeUpstream: [],
    onChunk: [],
    onOutputItem: [],
    onToolCall: [],
    onComplete: [],
  };
  #sealed = false;

  /** The hooks with the plugin's name filled in. */
  facade(plugin: string): Hooks {
    const hook = (name: HookName) =>
      Object.freeze({
        tap: (...given: readonly unknown[]) => {
          const [options, fn] = given.length === 1 ? [{}, given[0]] : given;
          this.#add(name, plugin, options, fn);
        },
      });
    const hooks: Record<HookName, Hook<never>> = {
      beforeUpstream: hook("beforeUpstream"),
      onChunk: hook("onChunk"),
      onOutputItem: hook("onOutputItem"),
      onToolCall: hook("onToolCall"),
      onComplete: hook("onComplete"),
    };
    return withoutOthers(plugin, Object.freeze(hooks) as Hooks);
  }

  #add(hook: HookName, plugin: string, options: unknown, fn: unknown): void {
    if (this.#sealed) throw new PluginError(`plugin "${plugin}" taps ${hook} after set-up: hooks are sealed`);
    if (typeof options === "function")
      throw new PluginError(
        `plugin "${plugin}" taps ${hook} with its options after the function: they come first`,
      );
    checkTapOptions(plugin, hook, options);
    if (typeof fn !== "function") throw new PluginError(`plugin "${plugin}" taps ${hook} without a function`);
    this.#taps[hook].push(newTap(hook, plugin, options as AnyTapOptions, fn as AnyTap["fn"]));
  }

  /** Every tap with its cost so far, in the order of registration. */
  get taps(): readonly Readonly<Tap<unknown>>[] {
    return Object.values(this.#taps).flat();
  }

  /** `limitMs`: milliseconds that a call of a tap may take. @throws PluginError when taps cannot be put in order */
  seal({ log, limitMs }: { log: Log; limitMs: number }): SealedHooks {
    this.#sealed = true;
    const watch: Watch = (tap) => ({ log, clock: new TapClock(tap, limitMs) });
    return {
      beforeUpstream: this.#waterfall<ModelRequest>("beforeUpstream", watch),
      onChunk: this.#chunks(watch),
      onOutputItem: this.#waterfall<OutputItem>("onOutputItem", watch, guardItem),
      onToolCall: this.#toolCalls(watch),
      asks: this.#taps.onToolCall.some((tap) => tap.options.asks === true),
      onComplete: this.#observers(watch),
    };
  }

  #waterfall<T extends object>(name: "beforeUpstream" | "onOutputItem", watch: Watch, guard?: ItemGuard) {
    const taps = inOrder(this.#taps[name]);
    if (taps.length === 0) return undefined;
    const hook = new AsyncSeriesWaterfallHook<[T, Turn]>(["value", "turn"], name);
    for (const tap of taps) {
      const call = guard ? guard(tap as AnyTap) : tap.fn;
      const watched = watch(tap);
      hook.tapAsync(tap.name, (value, turn, callback) => {
        runTap(tap, watched, () => call(value, turnFor(tap.plugin, turn)), callback, RETURNED[name]);
      });
    }
    return (value: T, turn: Turn) => untilAborted(hook.promise(value, turn), turn.signal);
  }

  #chunks(watch: Watch): SealedHooks["onChunk"] {
    const taps = inOrder(this.#taps.onChunk);
    if (taps.length === 0) return undefined;
    if (!taps.some((tap) => tap.options.async ?? isAsyncFunction(tap.fn))) {
      const hook = new SyncWaterfallHook<[Batch, Turn]>(["batch", "turn"], "onChunk");
      for (const tap of taps) hook.tap(tap.name, liftSync(tap, watch(tap)));
      return (batch, turn) => hook.call(batch, turn);
    }
    const hook = new AsyncSeriesWaterfallHook<[Batch, Turn]>(["batch", "turn"], "onChunk");
    for (const tap of taps) hook.tapPromise(tap.name, liftAsync(tap, watch(tap)));
    return (batch, turn) => untilAborted(hook.promise(batch, turn), turn.signal);
  }

  #toolCalls(watch: Watch): SealedHooks["onToolCall"] {
    const taps = inOrder(this.#taps.onToolCall);
    if (taps.length === 0) return undefined;
    const hook = new AsyncSeriesBailHook<[ToolCall, Turn], ToolDecision | undefined>(
      ["call", "turn"],
      "onToolCall",
    );
    for (const tap of taps) {
      const watched = watch(tap);
      hook.tapAsync(tap.name, (call, turn, callback) => {
        const settle = (error: Error | null, decision?: ToolDecision) =>
          callback(error, isAnswered(call, decision) ? undefined : decision);
        runTap(tap, watched, () => tap.fn(call, turnFor(tap.plugin, turn)), settle, RETURNED.onToolCall);
      });
    }
    return (call, turn) => untilAborted(hook.promise(call, turn), turn.signal);
  }

  #observers(watch: Watch): SealedHooks["onComplete"] {
    const taps = inOrder(this.#taps.onComplete);
    if (taps.length === 0) return undefined;
    const hook = new AsyncParallelHook<[ResponseObject, EndContext]>(["response", "context"], "onComplete");
    for (const tap of taps) {
      const watched = watch(tap);
      hook.tapAsync(tap.name, (response, context, callback) => {
        // runTap logs an observer's failure, which has no other effect.
        runTap(
          tap,
          watched,
          () => tap.fn(response, responseFor(tap.plugin, context)),
          () => callback(null),
        );
      });
    }
    return (response, context) => hook.promise(response, context);
  }
}

/** The client has already approved the call: taps after the one that asks may still deny it. */
function isAnswered(call: ToolCall, decision: ToolDecision | undefined): boolean {
  return call.approval !== undefined && decision?.kind === "needs_approval";
}

function newTap(hook: HookName, plugin: string, options: AnyTapOptions, fn: AnyTap["fn"]): AnyTap {
  const name = options.name ? `${plugin}/${options.name}` : plugin;
  return { hook, plugin, name, options: { ...options }, fn, calls: 0, errors: 0, totalMs: 0, maxMs: 0 };
}

/**
 * A misspelt hook is an error that lists the hooks, not `undefined`. `"onChunk" in vr.hooks` tests without an error.
 */
function withoutOthers(plugin: string, hooks: Hooks): Hooks {
  return new Proxy(hooks, {
    get(target, key) {
      // `await` and `JSON.stringify` read these properties of any object.
      if (typeof key === "symbol" || key in target || key === "then" || key === "toJSON")
        return Reflect.get(target, key);
      const names = Object.keys(target).join(", ");
      throw new PluginError(
        `plugin "${plugin}" uses the hook "${key}", which does not exist; there are ${names}`,
      );
    },
  });
}
