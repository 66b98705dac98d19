import { GuardrailStop } from "./errors.ts";
import { type TextKind, textsOf } from "./item-texts.ts";
import type { ModelChunk } from "./protocol/chunk.ts";
import { fragmentOf, type Inspection, Tail, type TailPlace } from "./tail.ts";

export type { Inspection, TailPlace } from "./tail.ts";

export interface TailWindowOptions {
  /**
   * Checks a part of one stream: the text held back so far and the new fragment. Synchronous; called for every
   * fragment. Returns how many leading UTF-16 units may be sent. The rest is held back and comes again.
   */
  inspect(text: string, place: TailPlace): Inspection;
  /** The kinds of text to check. Default: all. */
  kinds?: readonly TextKind[];
}

export interface TailWindow {
  /**
   * The result for an `onChunk` tap to return; `undefined`: the chunk passes unchanged.
   * @throws GuardrailStop if `inspect` says so, with the chunks that may still be sent before
   */
  push(chunk: ModelChunk): ModelChunk | ModelChunk[] | undefined;
}

/**
 * For guardrails on streamed text, which comes as fragments: holds back only what could still become a match. Use one
 * window per turn: `turn.state("my-guard", () => createTailWindow({ inspect })).push(chunk)`.
 *
 * Text, reasoning, refusals, the arguments of each call and each text of a hosted item are separate streams. The text
 * that a stream holds back is sent before a chunk of another kind (after `inspect` saw it as `ended`) and at `finish`
 * or `stop`. Empty fragments, `usage` and annotations release nothing, and arguments of parallel calls do not release
 * each other. If the upstream breaks off, held text is never released.
 *
 * Guaranteed: no complete match is sent, even if chunks of other kinds come in its middle, since text that was
 * released early is remembered. Without such an interruption, no character of a match is sent. Not found: a match
 * that is spread over two streams (half in the reasoning, half in the text) or over two turns.
 */
export function createTailWindow(options: TailWindowOptions): TailWindow {
  return new Window(options);
}

/** Identifies a stream: the name of a kind, the index of a call, or the place of a text in hosted items. */
type StreamKey = string | number;

class Window implements TailWindow {
  readonly #inspect: TailWindowOptions["inspect"];
  readonly #kinds: ReadonlySet<TextKind> | undefined;
  readonly #tails = new Map<StreamKey, Tail>();

  constructor({ inspect, kinds }: TailWindowOptions) {
    this.#inspect = inspect;
    this.#kinds = kinds && new Set(kinds);
  }

  push(chunk: ModelChunk): ModelChunk | ModelChunk[] | undefined {
    const fragment = fragmentOf(chunk);
    if (fragment !== undefined) return this.#pushFragment(chunk, fragment);
    if (chunk.type === "usage") return undefined;
    if (chunk.type === "annotation") {
      this.#inspectWhole(chunk.annotation, []);
      return undefined;
    }
    const released = this.#releaseFor(undefined);
    if (chunk.type === "item") this.#inspectWhole(chunk.item, released);
    else if (chunk.type === "tool_call") this.#inspectCall(chunk, released);
    else if (chunk.type === "item_event") this.#inspectWhole(chunk.event, released);
    else if (chunk.type === "finish" || chunk.type === "stop") this.#tails.clear();
    return withReleased(released, chunk);
  }

  #pushFragment(chunk: ModelChunk, fragment: string): ModelChunk | ModelChunk[] | undefined {
    const key = keyOf(chunk);
    const kind = kindOf(chunk);
    const watched = !this.#kinds || this.#kinds.has(kind);
    let tail = this.#tails.get(key);
    if (fragment === "") {
      // The log probabilities must not overtake the held text to which they may belong.
      if (!watched || !tail?.holds) return undefined;
      tail.add(chunk, "");
      return [];
    }
    const released = this.#releaseFor(key);
    if (!watched) return withReleased(released, chunk);
    if (!tail) {
      tail = new Tail(kind, chunk);
      this.#tails.set(key, tail);
    }
    const isFresh = tail.text === "";
    if (!isFresh) tail.add(chunk, fragment);
    tail.ended = false;
    const inspection = this.#inspect(isFresh ? fragment : tail.text, tail);
    if (isFresh) {
      if (inspection === fragment.length) {
        tail.passed(fragment);
        return withReleased(released, chunk);
      }
      tail.add(chunk, fragment);
    }
    const part = tail.take(passOf(inspection, tail, released));
    if (released.length === 0) return part ?? [];
    return part ? [...released, part] : released;
  }

  /** What must be sent before a chunk of stream `key`; everything held if there is no such stream. */
  #releaseFor(key: StreamKey | undefined): ModelChunk[] {
    let released = NOTHING;
    for (const [other, tail] of this.#tails) {
      if (!tail.holds || (key !== undefined && runInParallel(key, other))) continue;
      if (released === NOTHING) released = [];
      tail.ended = true;
      passOf(this.#inspect(tail.text, tail), tail, released);
      const part = tail.release();
      if (part) released.push(part);
    }
    return released;
  }

  /** Checks the fields of a call item from an upstream that speaks items. Its arguments come as chunks. */
  #inspectCall({ item }: Extract<ModelChunk, { type: "tool_call" }>, released: readonly ModelChunk[]): void {
    if (item) this.#inspectWhole({ ...item, arguments: "" }, released);
  }

  #inspectWhole(value: object, released: readonly ModelChunk[]): void {
    for (const { kind, text } of textsOf(value)) {
      if (this.#kinds && !this.#kinds.has(kind)) continue;
      const inspection = this.#inspect(text, { kind, before: "", ended: true });
      if (typeof inspection !== "number") throw new GuardrailStop(inspection.stop, { before: released });
    }
  }
}

/** @throws GuardrailStop with all chunks that may still be sent */
function passOf(inspection: Inspection, tail: Tail, released: readonly ModelChunk[]): number {
  if (typeof inspection === "number") return inspection;
  const last = tail.take(inspection.pass);
  throw new GuardrailStop(inspection.stop, { before: last ? [...released, last] : released });
}

/** The empty result, shared by the many chunks that release nothing. Never written to. */
const NOTHING: ModelChunk[] = [];

function withReleased(released: ModelChunk[], chunk: ModelChunk): ModelChunk[] | undefined {
  return released.length === 0 ? undefined : [...released, chunk];
}

function keyOf(chunk: ModelChunk): StreamKey {
  if (chunk.type === "tool_arguments") return chunk.index;
  if (chunk.type !== "item_event") return chunk.type;
  const { event } = chunk;
  const part =
    "content_index" in event ? event.content_index : "summary_index" in event ? event.summary_index : "";
  return `${"item_id" in event ? event.item_id : ""}/${event.type}/${part}`;
}

function kindOf(chunk: ModelChunk): TextKind {
  if (chunk.type === "tool_arguments" || chunk.type === "reasoning" || chunk.type === "refusal")
    return chunk.type;
  if (chunk.type !== "item_event") return "text";
  const { type } = chunk.event;
  if (type.includes("_arguments.")) return "tool_arguments";
  if (type.includes("reasoning")) return "reasoning";
  return type.includes("refusal") ? "refusal" : "text";
}

/** Whether two keys are the same stream, two calls of one turn, or two texts of hosted items. */
function runInParallel(a: StreamKey, b: StreamKey): boolean {
  if (a === b) return true;
  if (typeof a === "number" || typeof b === "number") return typeof a === typeof b;
  return a.includes("/") && b.includes("/");
}
