import type { ModelChunk } from "../protocol/chunk.ts";
import { fragmentOf, logprobsOf, withText } from "../tail.ts";

type Batch = readonly ModelChunk[];

/** A text that is split over chunks: text of one kind, the arguments of a call, or an item's event. */
type Stream = string | number;

/** Replaces half of a character whose other half never comes. */
const REPLACEMENT = "\ufffd";

/**
 * Keeps surrogate pairs together: a high surrogate at the end of a delta waits for the next delta of the same stream. A
 * lone surrogate becomes U+FFFD. Clients that do not use UTF-16 can neither encode nor parse lone surrogates, and a hook
 * would miss the character.
 */
export class WholeCharacters {
  /** The chunk that ended in a high surrogate, by its stream. */
  readonly #waiting = new Map<Stream, ModelChunk>();

  /**
   * Returns the same batch if nothing needs repair, as for nearly all reads. `endsOnly`: lone surrogates occur only at
   * the ends of deltas, so the other characters need not be checked.
   */
  mend(batch: Batch, endsOnly: boolean): Batch {
    if (this.#waiting.size > 0) return this.#mended(batch);
    for (let i = 0; i < batch.length; i++)
      if (!isWhole(batch[i] as ModelChunk, endsOnly)) return this.#mended(batch);
    return batch;
  }

  #mended(batch: Batch): ModelChunk[] {
    const out: ModelChunk[] = [];
    for (const chunk of batch) {
      const words = fragmentOf(chunk);
      if (words === undefined) {
        this.#release(chunk, out);
        out.push(chunk.type === "tool_call" ? named(chunk) : chunk);
      } else this.#words(chunk, words, out);
    }
    return out;
  }

  #words(chunk: ModelChunk, words: string, out: ModelChunk[]): void {
    const stream = streamOf(chunk);
    // Text of another kind ends the open one.
    if (chunk.type !== "tool_arguments" && chunk.type !== "item_event")
      for (const other of this.#waiting.keys())
        if (other !== stream && KINDS.has(other)) this.#replace(other, out);
    const before = this.#waiting.get(stream);
    this.#waiting.delete(stream);
    const all = before === undefined ? words : fragmentOf(before) + words;
    const waits = endsInHalf(all);
    if (waits) this.#waiting.set(stream, withText(chunk, all.slice(-1), undefined));
    const text = (waits ? all.slice(0, -1) : all).toWellFormed();
    const logprobs = logprobsOf(chunk);
    if (text !== "" || words === "" || logprobs?.length) out.push(withText(chunk, text, logprobs));
  }

  /** Replaces waiting halves whose text has ended. Arguments of calls continue until the turn ends. */
  #release({ type }: ModelChunk, out: ModelChunk[]): void {
    if (type === "usage" || type === "note" || type === "annotation") return;
    if (type === "stop") this.#waiting.clear();
    for (const stream of [...this.#waiting.keys()])
      if (type === "finish" || typeof stream === "string") this.#replace(stream, out);
  }

  #replace(stream: Stream, out: ModelChunk[]): void {
    const chunk = this.#waiting.get(stream);
    this.#waiting.delete(stream);
    if (chunk) out.push(withText(chunk, REPLACEMENT, undefined));
  }
}

const KINDS: ReadonlySet<Stream> = new Set(["text", "reasoning", "refusal"]);

/** Runs for every chunk. */
function isWhole(chunk: ModelChunk, endsOnly: boolean): boolean {
  switch (chunk.type) {
    case "text":
    case "reasoning":
    case "refusal":
      return endsOnly ? hasWholeEnds(chunk.text) : chunk.text.isWellFormed();
    case "tool_arguments":
      return endsOnly ? hasWholeEnds(chunk.delta) : chunk.delta.isWellFormed();
    case "tool_call":
      return chunk.name.isWellFormed() && chunk.callId?.isWellFormed() !== false;
    case "item_event":
      return fragmentOf(chunk)?.isWellFormed() !== false;
    default:
      return true;
  }
}

function hasWholeEnds(text: string): boolean {
  return !endsInHalf(text) && (text.charCodeAt(0) & 0xfc00) !== 0xdc00;
}

/** Whether the text ends in a high surrogate. */
function endsInHalf(text: string): boolean {
  return (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800;
}

/** The name and id of a call come whole, so lone surrogates in them are replaced at once. */
function named(call: Extract<ModelChunk, { type: "tool_call" }>): ModelChunk {
  const { name, callId } = call;
  return {
    ...call,
    name: name.toWellFormed(),
    ...(callId === undefined ? {} : { callId: callId.toWellFormed() }),
  };
}

function streamOf(chunk: ModelChunk): Stream {
  if (chunk.type === "tool_arguments") return chunk.index;
  if (chunk.type !== "item_event") return chunk.type;
  return `${chunk.event.type}/${"item_id" in chunk.event ? chunk.event.item_id : ""}`;
}
