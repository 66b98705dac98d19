import type { ModelChunk } from "../protocol/chunk.ts";
import type { OutputMessage, ReasoningItem } from "../protocol/wire.ts";
import { endedAs, type ItemEnd, isText, type TextItem, type WordsKind } from "./open-text.ts";

type ItemChunk = Extract<ModelChunk, { type: "item" }>;

/** An item that bare words open. Its id is given where it opens. */
const MESSAGE: OutputMessage = {
  id: "",
  type: "message",
  status: "in_progress",
  role: "assistant",
  content: [],
};
const REASONING: ReasoningItem = {
  id: "",
  type: "reasoning",
  status: "in_progress",
  summary: [],
  content: [],
};
const BARE: Readonly<Record<WordsKind, TextItem>> = { text: MESSAGE, refusal: MESSAGE, reasoning: REASONING };

/**
 * Turns bare words into explicit items: each message or reasoning item is opened, filled and closed by `item` chunks. One
 * is open at a time. Words that come without an item get one that holds words of their kind only. An item that the
 * upstream opened stays open until the upstream closes it, unless words follow that it cannot hold.
 */
export class ExplicitItems {
  #open: TextItem | undefined;
  /** The kind of words that opened the item; absent where the upstream did. */
  #bare: WordsKind | undefined;

  /** Returns `chunk` itself, or a chunk that must come before it: call again with the same `chunk` then. */
  next(chunk: ModelChunk): ModelChunk {
    if (chunk.type === this.#bare) return chunk;
    switch (chunk.type) {
      case "text":
      case "reasoning":
      case "refusal":
        if (isEmpty(chunk)) return chunk;
        if (!this.#open) return this.#begin(chunk.type);
        return this.#bare === undefined && holds(this.#open, chunk.type) ? chunk : this.#end("completed");
      case "item":
        if (isText(chunk.item)) return this.#pass(chunk, chunk.item);
        return this.#bare ? this.#end("completed") : chunk;
      case "tool_call":
      case "part":
      case "item_event":
        return this.#bare ? this.#end("completed") : chunk;
      case "finish":
      case "stop":
        return this.#open ? this.#end(isCutOff(chunk) ? "incomplete" : "completed") : chunk;
      default:
        return chunk;
    }
  }

  #begin(kind: WordsKind): ItemChunk {
    this.#open = BARE[kind];
    this.#bare = kind;
    return { type: "item", item: this.#open, stage: "added" };
  }

  /** An upstream's own message or reasoning item begins or ends. */
  #pass(chunk: ItemChunk, item: TextItem): ItemChunk {
    const isEnd = chunk.stage === "done" && !this.#bare && this.#isOpen(item);
    if (this.#open && !isEnd) return this.#end("completed");
    this.#open = chunk.stage === "added" ? item : undefined;
    return chunk;
  }

  /** Servers give one id to items of both types. */
  #isOpen({ id, type }: TextItem): boolean {
    const open = this.#open;
    return open?.id === id && open?.type === type;
  }

  /** Ends the open item before the upstream does. */
  #end(status: ItemEnd): ItemChunk {
    const item = endedAs(status, this.#open as TextItem);
    this.#open = undefined;
    this.#bare = undefined;
    return { type: "item", item, stage: "done" };
  }
}

function isEmpty(chunk: Extract<ModelChunk, { type: WordsKind }>): boolean {
  return chunk.text === "" && (chunk.type !== "text" || !chunk.logprobs?.length);
}

/** A message holds text and refusals. */
function holds(item: TextItem, kind: WordsKind): boolean {
  return (item.type === "reasoning") === (kind === "reasoning");
}

/** Whether the model was cut off in the middle of what it was saying. */
function isCutOff(chunk: Extract<ModelChunk, { type: "finish" | "stop" }>): boolean {
  return chunk.type === "stop" || chunk.reason === "length" || chunk.reason === "content_filter";
}
