import type { ModelChunk } from "../protocol/chunk.ts";
import { fragmentOf, logprobsOf, withText } from "../tail.ts";

type Batch = readonly ModelChunk[];

/** A stretch of words that goes on over chunks: a kind of words, the arguments of a call, an event of an item. */
type Stream = string | number;

/** What stands for half of a character that never gets its other half. */
const REPLACEMENT = "\ufffd";

/**
 * Keeps the two halves of a UTF-16 pair together: half of one at the end of a delta waits for the next delta of the
 * same stream, and one that stays alone becomes U+FFFD. Clients that are not made of UTF-16 can neither encode nor
 * parse it, and a hook would miss the character.
 */
export class WholeCharacters {
  /** The chunk that ended in half of a pair, by its stream. */
  readonly #waiting = new Map<Stream, ModelChunk>();

  /**
   * The same batch where nothing is to be mended, as in nearly all reads. `endsOnly`: within a delta there are no halves,
   * which spares a look at every character.
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
    // Other words end those that are open.
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

  /** What ends the words that wait for their other half. Arguments of calls go on until the turn ends. */
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

/** Called for every chunk. */
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

/** Whether the last unit is the first half of a pair. */
function endsInHalf(text: string): boolean {
  return (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800;
}

/** What names a call comes whole. */
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
