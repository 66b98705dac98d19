import type { TextKind } from "./item-texts.ts";
import type { ModelChunk } from "./protocol/chunk.ts";

/** Where the text for `inspect` comes from. One object per stream: read it, do not keep it. */
export interface TailPlace {
  readonly kind: TextKind;
  /** Up to eight UTF-16 units before the text. Empty at the start of the stream. */
  readonly before: string;
  /** Whether nothing may follow: what is not stopped now is sent. */
  readonly ended: boolean;
}

/** How many leading UTF-16 units may be sent. With `stop`, the response ends after them. */
export type Inspection = number | { pass: number; stop: string };

/** UTF-16 units; enough for a whole JSON escape. */
const BEFORE = 8;

/**
 * One stream of text: the last text that was sent and could still begin a match, then the held text. The log
 * probabilities of a chunk are sent with its last character.
 */
export class Tail {
  before = "";
  ended = false;
  readonly kind: TextKind;
  /** The last chunk. Chunks that are sent are made in its form. */
  #form: ModelChunk;
  #text = "";
  /** How many units of the text were already sent, because another kind came in between. */
  #out = 0;
  #logprobs: { end: number; values: readonly unknown[] }[] = [];

  constructor(kind: TextKind, form: ModelChunk) {
    this.kind = kind;
    this.#form = form;
  }

  get text(): string {
    return this.#text;
  }

  get holds(): boolean {
    return this.#text.length > this.#out;
  }

  /** Call for text that was sent unchanged while nothing was held. */
  passed(fragment: string): void {
    this.before = (fragment.length < BEFORE ? this.before + fragment : fragment).slice(-BEFORE);
  }

  add(chunk: ModelChunk, fragment: string): void {
    this.#form = chunk;
    this.#text += fragment;
    const values = logprobsOf(chunk);
    if (values) this.#logprobs.push({ end: this.#text.length, values });
  }

  /** Removes and returns the part up to `pass` that was not sent yet; `undefined` if there is none. */
  take(pass: number): ModelChunk | undefined {
    const cut = this.#wholeCharacters(pass);
    const chunk = this.#chunk(cut);
    this.passed(this.#text.slice(0, cut));
    this.#text = this.#text.slice(cut);
    this.#out = Math.max(0, this.#out - cut);
    for (const entry of this.#logprobs) entry.end -= cut;
    return chunk;
  }

  /** Returns all held text. It is remembered, so that a match that continues later is still found. */
  release(): ModelChunk | undefined {
    const chunk = this.#chunk(this.#text.length);
    this.#out = this.#text.length;
    return chunk;
  }

  #chunk(end: number): ModelChunk | undefined {
    if (end <= this.#out) return undefined;
    let values: readonly unknown[] | undefined;
    while (this.#logprobs[0] && this.#logprobs[0].end <= end)
      values = [...(values ?? []), ...(this.#logprobs.shift()?.values ?? [])];
    return withText(this.#form, this.#text.slice(this.#out, end), values);
  }

  /** Moves a position that is between the halves of a surrogate pair. */
  #wholeCharacters(pass: number): number {
    const splits = pass < this.#text.length && (this.#text.charCodeAt(pass - 1) & 0xfc00) === 0xd800;
    return splits ? pass - 1 : pass;
  }
}

/** The text that a chunk adds to its stream; `undefined` for chunks that add none. */
export function fragmentOf(chunk: ModelChunk): string | undefined {
  switch (chunk.type) {
    case "text":
    case "reasoning":
    case "refusal":
      return chunk.text;
    case "tool_arguments":
      return chunk.delta;
    case "item_event":
      return "delta" in chunk.event && typeof chunk.event.delta === "string" ? chunk.event.delta : undefined;
    default:
      return undefined;
  }
}

export function logprobsOf(chunk: ModelChunk): readonly unknown[] | undefined {
  if (chunk.type === "text") return chunk.logprobs;
  if (chunk.type !== "item_event" || !("logprobs" in chunk.event)) return undefined;
  return chunk.event.logprobs;
}

/** A copy of a chunk with another text. */
export function withText(
  form: ModelChunk,
  text: string,
  logprobs: readonly unknown[] | undefined,
): ModelChunk {
  switch (form.type) {
    case "text":
      return logprobs ? ({ type: "text", text, logprobs } as ModelChunk) : { type: "text", text };
    case "item_event": {
      const own = "logprobs" in form.event ? { logprobs: logprobs ?? [] } : {};
      return { type: "item_event", event: { ...form.event, delta: text, ...own } } as ModelChunk;
    }
    case "tool_arguments":
      return { ...form, delta: text };
    default:
      return { ...form, text } as ModelChunk;
  }
}
