import type { EndContext, MaybePromise, Turn } from "./context.ts";
import type { CallTapOptions, ChunkTapOptions, TapOptions } from "./hook-options.ts";
import type { ModelChunk } from "./protocol/chunk.ts";
import type { ModelRequest } from "./protocol/model-request.ts";
import type { OutputItem, Response as ResponseObject } from "./protocol/wire.ts";
import type { ToolCall, ToolDecision } from "./tool.ts";

/** A tap may be asynchronous on every hook. Return nothing to keep the value; `null` is an error. */
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
   * Runs once per turn, in series, before the upstream is asked. Return a new request to replace it. Throw a `VrError`
   * to refuse: the client gets its status while nothing has been sent, `response.failed` later. Return
   * `turn.answer(chunks)` to answer without any upstream. Calls that the client has approved also form a turn, with
   * index 0, before the model's first; if a tap refuses or answers it, they do not run.
   */
  beforeUpstream: Hook<TapFunction<[request: ModelRequest, turn: Turn], ModelRequest>>;
  /**
   * Runs for every chunk, in series. Return a chunk to replace it, `[]` to drop it, a list to insert several. Chunks
   * are fragments: what you look for may be split over several (see `createTailWindow`). Throw `GuardrailStop` to end
   * the response. One asynchronous tap makes the whole hook asynchronous.
   */
  onChunk: Hook<
    TapFunction<[chunk: ModelChunk, turn: Turn], ModelChunk | readonly ModelChunk[]>,
    ChunkTapOptions
  >;
  /**
   * Runs for every complete item, in series, before its first `*.done` event. Return a new item to add annotations or
   * to change a tool's output. Text and arguments that were streamed cannot be changed. Throw `GuardrailStop` to end
   * the response.
   */
  onOutputItem: Hook<TapFunction<[item: OutputItem, turn: Turn], OutputItem>>;
  /**
   * Runs for every call of a gateway tool, in series, until one tap returns a decision; if no tap returns one, the
   * tool runs. A tap that may return `needs_approval` sets `{ asks: true }`; otherwise the call is shown before the
   * client is asked. An approved call passes the hook again, with its `approval`.
   */
  onToolCall: Hook<TapFunction<[call: ToolCall, turn: Turn], ToolDecision>, CallTapOptions>;
  /**
   * Runs once per `POST /v1/responses`, after the terminal event or the answer, whatever its status. Taps run in
   * parallel. A refused request appears as a failed response without output. No client waits; errors are logged.
   */
  onComplete: Hook<TapFunction<[response: ResponseObject, context: EndContext], void>>;
}

/** The hooks after set-up, as the pipeline calls them. A hook without taps is `undefined`. */
export interface SealedHooks {
  readonly beforeUpstream: ((request: ModelRequest, turn: Turn) => Promise<ModelRequest>) | undefined;
  readonly onChunk:
    | ((batch: readonly ModelChunk[], turn: Turn) => MaybePromise<readonly ModelChunk[]>)
    | undefined;
  readonly onOutputItem: ((item: OutputItem, turn: Turn) => Promise<OutputItem>) | undefined;
  readonly onToolCall: ((call: ToolCall, turn: Turn) => Promise<ToolDecision | undefined>) | undefined;
  /** Whether a tap of `onToolCall` may ask for approval: calls are then shown after the taps have decided. */
  readonly asks: boolean;
  readonly onComplete: ((response: ResponseObject, context: EndContext) => Promise<void>) | undefined;
}
