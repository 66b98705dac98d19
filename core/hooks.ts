import { AsyncParallelHook, AsyncSeriesBailHook, AsyncSeriesWaterfallHook, SyncWaterfallHook } from "tapable";
import type { EndContext, Log, MaybePromise, Turn } from "./context.ts";
import { PluginError } from "./errors.ts";
import { liftAsync, liftSync } from "./hook-chunks.ts";
import {
  type AnyTapOptions,
  type CallTapOptions,
  type ChunkTapOptions,
  checkTapOptions,
  type TapOptions,
} from "./hook-options.ts";
import { inOrder } from "./hook-order.ts";
import { isAsyncFunction, isThenable, type Returned, runTap, type Tap } from "./hook-taps.ts";
import type { ModelChunk } from "./protocol/chunk.ts";
import type { ModelRequest } from "./protocol/model-request.ts";
import { deepFreeze, streamedChange } from "./protocol/streamed.ts";
import { isToolOutput } from "./protocol/tool-output.ts";
import type { OutputItem, Response as ResponseObject } from "./protocol/wire.ts";
import type { ToolCall, ToolDecision } from "./tool.ts";
import { untilAborted } from "./until-aborted.ts";

/** A tap may be asynchronous on every hook; it returns nothing to change nothing. `null` is an error. */
export type TapFunction<Args extends unknown[], Result> = (
  ...args: Args
) => MaybePromise<Result | undefined | void>;

/** @throws PluginError for options that the hook does not have */
export interface Hook<Fn, Options extends TapOptions = TapOptions> {
  tap(fn: Fn): void;
  tap(options: Options, fn: Fn): void;
}

/** The five hooks, as a plugin sees them: `vr.hooks`. */
export interface Hooks {
  /**
   * Once per turn, in series, before the upstream is asked. Return a new request to replace it, throw a
   * `VrError` to refuse (its own status on turn 0, `response.failed` later), `return turn.answer(chunks)`
   * to answer without any upstream. Calls that the client has approved are a turn too, of index 0 and before the
   * model's first: where it is refused or answered, they do not run.
   */
  beforeUpstream: Hook<TapFunction<[request: ModelRequest, turn: Turn], ModelRequest>>;
  /**
   * Every chunk, in series. Return a chunk to replace it, `[]` to drop it, several to insert. Chunks are
   * fragments: what you look for may be split (see `createTailWindow`). Throw `GuardrailStop` to end the
   * response. One asynchronous tap makes the whole hook asynchronous.
   */
  onChunk: Hook<
    TapFunction<[chunk: ModelChunk, turn: Turn], ModelChunk | readonly ModelChunk[]>,
    ChunkTapOptions
  >;
  /**
   * Every complete item, in series, before its first `*.done` event. Return a new item to add annotations or
   * to change a tool's outcome; what was streamed is immutable. Throw `GuardrailStop` to end the response.
   */
  onOutputItem: Hook<TapFunction<[item: OutputItem, turn: Turn], OutputItem>>;
  /**
   * Every call of a gateway tool, in series, until one has an opinion; if no tap has one, the tool runs. A tap that may
   * return `needs_approval` says so with `{ asks: true }`, or the call has been shown before the client is asked. An
   * approved call comes here again, with its `approval`.
   */
  onToolCall: Hook<TapFunction<[call: ToolCall, turn: Turn], ToolDecision>, CallTapOptions>;
  /**
   * Once per `POST /v1/responses`, after its terminal event or its answer of whatever status, in parallel. A refusal is
   * a failed response without output. No client waits; errors are logged.
   */
  onComplete: Hook<TapFunction<[response: ResponseObject, context: EndContext], void>>;
}

/** The hooks after set-up, as the pipeline calls them. A hook that nobody tapped is `undefined`. */
export interface SealedHooks {
  readonly beforeUpstream: ((request: ModelRequest, turn: Turn) => Promise<ModelRequest>) | undefined;
  readonly onChunk:
    | ((batch: readonly ModelChunk[], turn: Turn) => MaybePromise<readonly ModelChunk[]>)
    | undefined;
  readonly onOutputItem: ((item: OutputItem, turn: Turn) => Promise<OutputItem>) | undefined;
  readonly onToolCall: ((call: ToolCall, turn: Turn) => Promise<ToolDecision | undefined>) | undefined;
  /** Whether a tap of `onToolCall` may ask for approval: calls show once it has spoken. */
  readonly asks: boolean;
  readonly onComplete: ((response: ResponseObject, context: EndContext) => Promise<void>) | undefined;
}

type Batch = readonly ModelChunk[];
type HookName = keyof Hooks;
// biome-ignore lint/suspicious/noExplicitAny: one list holds the taps of all hooks; the facades are typed.
type AnyTap = Tap<(...args: any[]) => any>;

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
      throw new PluginError(`plugin "${plugin}" taps ${hook} with its options behind the function`);
    checkTapOptions(plugin, hook, options);
    if (typeof fn !== "function") throw new PluginError(`plugin "${plugin}" taps ${hook} without a function`);
    this.#taps[hook].push(newTap(hook, plugin, options as AnyTapOptions, fn as AnyTap["fn"]));
  }

  /** Every tap with what it has cost so far, in the order of registration. */
  get taps(): readonly Readonly<Tap<unknown>>[] {
    return Object.values(this.#taps).flat();
  }

  /** @throws PluginError when taps cannot be put in order */
  seal(log: Log): SealedHooks {
    this.#sealed = true;
    return {
      beforeUpstream: this.#waterfall<ModelRequest>("beforeUpstream", log),
      onChunk: this.#chunks(log),
      onOutputItem: this.#waterfall<OutputItem>("onOutputItem", log, guardItem),
      onToolCall: this.#toolCalls(log),
      asks: this.#taps.onToolCall.some((tap) => tap.options.asks === true),
      onComplete: this.#observers(log),
    };
  }

  #waterfall<T extends object>(name: "beforeUpstream" | "onOutputItem", log: Log, guard?: ItemGuard) {
    const taps = inOrder(this.#taps[name]);
    if (taps.length === 0) return undefined;
    const hook = new AsyncSeriesWaterfallHook<[T, Turn]>(["value", "turn"], name);
    for (const tap of taps) {
      const call = guard ? guard(tap as AnyTap) : tap.fn;
      hook.tapAsync(tap.name, (value, turn, callback) => {
        runTap(tap, log, () => call(value, turn), callback, RETURNED[name]);
      });
    }
    return (value: T, turn: Turn) => untilAborted(hook.promise(value, turn), turn.signal);
  }

  #chunks(log: Log): SealedHooks["onChunk"] {
    const taps = inOrder(this.#taps.onChunk);
    if (taps.length === 0) return undefined;
    if (!taps.some((tap) => tap.options.async ?? isAsyncFunction(tap.fn))) {
      const hook = new SyncWaterfallHook<[Batch, Turn]>(["batch", "turn"], "onChunk");
      for (const tap of taps) hook.tap(tap.name, liftSync(tap, log));
      return (batch, turn) => hook.call(batch, turn);
    }
    const hook = new AsyncSeriesWaterfallHook<[Batch, Turn]>(["batch", "turn"], "onChunk");
    for (const tap of taps) hook.tapPromise(tap.name, liftAsync(tap, log));
    return (batch, turn) => untilAborted(hook.promise(batch, turn), turn.signal);
  }

  #toolCalls(log: Log): SealedHooks["onToolCall"] {
    const taps = inOrder(this.#taps.onToolCall);
    if (taps.length === 0) return undefined;
    const hook = new AsyncSeriesBailHook<[ToolCall, Turn], ToolDecision | undefined>(
      ["call", "turn"],
      "onToolCall",
    );
    for (const tap of taps)
      hook.tapAsync(tap.name, (call, turn, callback) => {
        const settle = (error: Error | null, decision?: ToolDecision) =>
          callback(error, isAnswered(call, decision) ? undefined : decision);
        runTap(tap, log, () => tap.fn(call, turn), settle, RETURNED.onToolCall);
      });
    return (call, turn) => untilAborted(hook.promise(call, turn), turn.signal);
  }

  #observers(log: Log): SealedHooks["onComplete"] {
    const taps = inOrder(this.#taps.onComplete);
    if (taps.length === 0) return undefined;
    const hook = new AsyncParallelHook<[ResponseObject, EndContext]>(["response", "context"], "onComplete");
    for (const tap of taps)
      hook.tapAsync(tap.name, (response, context, callback) => {
        // An observer's failure is logged by runTap and stays with it.
        runTap(
          tap,
          log,
          () => tap.fn(response, context),
          () => callback(null),
        );
      });
    return (response, context) => hook.promise(response, context);
  }
}

function isDecision({ kind, output, message }: Partial<Record<string, unknown>>): boolean {
  if (kind === "output") return isToolOutput(output);
  return kind === "error" ? typeof message === "string" : kind === "deny" || kind === "needs_approval";
}

/** The client has approved the call already: the taps behind the one that asks may still deny it. */
function isAnswered(call: ToolCall, decision: ToolDecision | undefined): boolean {
  return call.approval !== undefined && decision?.kind === "needs_approval";
}

const RETURNED = {
  beforeUpstream: { what: "a model request", is: (result) => "items" in result && "tools" in result },
  onOutputItem: { what: "an item", is: (result) => "type" in result },
  onToolCall: { what: "a decision", is: isDecision },
} satisfies Record<string, Returned>;

type ItemGuard = (tap: AnyTap) => (...args: [OutputItem, Turn]) => MaybePromise<unknown>;

/** Holds a tap of `onOutputItem` to what it may change. */
const guardItem: ItemGuard = (tap) => {
  const check = (before: OutputItem, after: unknown) => {
    const path = after ? streamedChange(before, after as OutputItem) : undefined;
    if (path)
      throw new PluginError(`plugin "${tap.name}" changed ${path} in onOutputItem: it was streamed already`);
    return after;
  };
  return (item, turn) => {
    const result = tap.fn(deepFreeze(item), turn);
    return isThenable(result)
      ? Promise.resolve(result).then((after) => check(item, after))
      : check(item, result);
  };
};

function newTap(hook: HookName, plugin: string, options: AnyTapOptions, fn: AnyTap["fn"]): AnyTap {
  const name = options.name ? `${plugin}/${options.name}` : plugin;
  return { hook, plugin, name, options: { ...options }, fn, calls: 0, errors: 0, totalMs: 0, maxMs: 0 };
}

/** A misspelt hook is an error that lists the hooks, not `undefined`. `"onChunk" in vr.hooks` asks without one. */
function withoutOthers(plugin: string, hooks: Hooks): Hooks {
  return new Proxy(hooks, {
    get(target, key) {
      // What `await` and `JSON.stringify` look for in any object.
      if (typeof key === "symbol" || key in target || key === "then" || key === "toJSON")
        return Reflect.get(target, key);
      const names = Object.keys(target).join(", ");
      throw new PluginError(
        `plugin "${plugin}" uses the hook "${key}", which does not exist; there are ${names}`,
      );
    },
  });
}
