import type { Log, MaybePromise, Turn } from "../context.ts";
import { blame } from "../failure.ts";
import { ownerOf } from "../owners.ts";
import { turnFor } from "../plugin-views.ts";
import type { ModelChunk } from "../protocol/chunk.ts";
import type { ModelRequest } from "../protocol/model-request.ts";
import { withObjectArguments } from "../protocol/object-arguments.ts";
import type { ForwardedAnswer, ForwardedCall, ModelInfo, Upstream } from "../upstream.ts";
import type { GuardLimits } from "../upstream-limits.ts";
import type { BatchSource } from "./batch-check.ts";
import { withOwnExtra } from "./extra.ts";
import { type Admission, Guard } from "./guard.ts";
import { GuardedCall } from "./guarded-call.ts";
import { TracedCall, type TraceOptions } from "./trace.ts";
import { Watched } from "./watched.ts";

/** An upstream whose calls obey its limits, and which is not asked for a while after repeated failures. */
export class GuardedUpstream implements Upstream {
  readonly #upstream: Upstream;
  readonly #plugin: string;
  readonly #guard: Guard;
  readonly #source: BatchSource;
  readonly #trace: TraceOptions | undefined;
  readonly check?: (signal: AbortSignal) => Promise<void>;
  readonly forward?: (call: ForwardedCall) => Promise<ForwardedAnswer>;

  /** `now`: milliseconds of a monotonic clock. `trace`: logs each call. */
  constructor(upstream: Upstream, limits: GuardLimits, log: Log, now?: () => number, trace?: TraceOptions) {
    this.#upstream = upstream;
    this.#trace = trace;
    this.#plugin = ownerOf(upstream) ?? upstream.name;
    this.#source = { upstream: upstream.name, plugin: this.#plugin, wellFormed: upstream.wellFormed };
    this.#guard = new Guard(upstream.name, limits, log, now, this.#plugin);
    if (upstream.check) this.check = async (signal) => upstream.check?.(signal);
    if (upstream.forward) this.forward = (call) => this.#forward(call);
  }

  get name(): string {
    return this.#upstream.name;
  }

  get details() {
    return this.#upstream.details ?? {};
  }

  get description(): string {
    return this.#upstream.description;
  }

  get native(): boolean {
    return this.#upstream.native === true;
  }

  get extraParameters(): readonly string[] {
    return this.#upstream.extraParameters ?? [];
  }

  /** The circuit's state, and the numbers of running and waiting calls. */
  get state() {
    return this.#guard.state;
  }

  stream(request: ModelRequest, turn: Turn): AsyncIterable<readonly ModelChunk[]> {
    return new GuardedCall(this.#guard, turn.signal, this.#source, () =>
      this.#ask(withOwnExtra(withObjectArguments(request), this), turn),
    );
  }

  #ask(request: ModelRequest, turn: Turn): AsyncIterable<readonly ModelChunk[]> {
    const own = turnFor(this.#plugin, turn);
    const batches = this.#upstream.stream(request, own);
    if (!this.#trace) return batches;
    return new TracedCall(
      batches,
      request,
      { log: own.log, source: this.#source, turn: turn.index },
      this.#trace,
    );
  }

  models(signal: AbortSignal): Promise<ModelInfo[]> {
    return this.#upstream.models(signal);
  }

  /**
   * Refused while the circuit is open: a server that is down would delay every request without a model. For the same
   * reason, no answer counts as a failure. An error answer does not, since servers that cannot list their models may
   * still work.
   */
  defaultModel(signal: AbortSignal): MaybePromise<string> {
    this.#guard.refuseIfOpen();
    const model = this.#upstream.defaultModel(signal);
    if (typeof model === "string") return model;
    return model.catch((error: unknown) => {
      if (signal.aborted) throw error;
      this.#guard.noteFailure(error);
      throw blame(error, this.#plugin);
    });
  }

  async #forward(call: ForwardedCall): Promise<ForwardedAnswer> {
    const { signal } = call;
    const admission = await this.#guard.admit(signal);
    try {
      const answer = await this.#upstream.forward?.(call);
      if (!answer) throw new TypeError(`upstream "${this.name}" cannot forward requests`);
      if (answer.status >= 500) admission.tell("failed");
      else admission.accepted();
      return { ...answer, body: watchedBody(answer.body, admission, signal) };
    } catch (error) {
      admission.fail(error, signal);
      throw error;
    }
  }
}

/** Holds the place until the body ends or its reader leaves. If the body is never read, until the client leaves. */
function watchedBody(
  body: AsyncIterable<Uint8Array>,
  admission: Admission,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const left = () => admission.end("left");
  signal.addEventListener("abort", left, { once: true });
  if (signal.aborted) left();
  return {
    [Symbol.asyncIterator]: () =>
      new Watched(body[Symbol.asyncIterator](), admission, signal, () => "succeeded"),
  };
}
