import type { ModelChunk } from "../../core/index.ts";

const OPEN = "<think>";
const CLOSE = "</think>";

/**
 * Splits text that starts with `<think>` into reasoning and text. A tag may be spread over several deltas, so what
 * could become one is held back. Once the text has begun, `done` is true and the rest needs no splitting.
 */
export class ThinkTags {
  done = false;
  #place: "start" | "opened" | "thinking" | "after";
  #held = "";
  /** Whether the thought so far is only white space. If it stays so, no reasoning is passed on. */
  #blank = true;

  /** `opened`: the chat template has already written the first tag. Some servers repeat it. */
  constructor(opened = false) {
    this.#place = opened ? "opened" : "start";
  }

  /** Whether the text that comes now is reasoning. */
  get thinking(): boolean {
    return this.#place === "opened" || this.#place === "thinking";
  }

  push(delta: string, out: ModelChunk[]): void {
    this.#held += delta;
    if (this.#place === "start") this.#start(out);
    if (this.#place === "opened") this.#skipTag();
    if (this.#place === "thinking") this.#think(out);
    if (this.#place === "after") this.#after(out);
  }

  /** Call at another kind of delta or at the end: what was held back is not a tag. */
  flush(out: ModelChunk[]): void {
    if (this.#held === "") return;
    const text = this.#held;
    this.#held = "";
    if (this.#place === "start") this.#release(text, out);
    else if (this.#place !== "after") this.#reason(text, out);
  }

  #start(out: ModelChunk[]): void {
    const text = this.#held.trimStart();
    if (text.startsWith(OPEN)) {
      this.#place = "thinking";
      this.#held = text.slice(OPEN.length);
    } else if (!OPEN.startsWith(text)) {
      const held = this.#held;
      this.#held = "";
      this.#release(held, out);
    }
  }

  #skipTag(): void {
    const text = this.#held.trimStart();
    if (text.startsWith(OPEN)) this.#held = text.slice(OPEN.length);
    else if (OPEN.startsWith(text)) return;
    this.#place = "thinking";
  }

  #think(out: ModelChunk[]): void {
    const end = this.#held.indexOf(CLOSE);
    if (end !== -1) {
      this.#reason(this.#held.slice(0, end), out);
      this.#held = this.#held.slice(end + CLOSE.length);
      this.#place = "after";
      return;
    }
    const keep = partialTail(this.#held, CLOSE);
    const ready = this.#held.slice(0, this.#held.length - keep);
    this.#held = this.#held.slice(ready.length);
    this.#reason(ready, out);
  }

  /** Drops the empty lines between a thought and its answer. */
  #after(out: ModelChunk[]): void {
    const text = this.#held.trimStart();
    this.#held = "";
    if (text !== "") this.#release(text, out);
  }

  #reason(text: string, out: ModelChunk[]): void {
    const visible = this.#blank ? text.trimStart() : text;
    if (visible === "") return;
    this.#blank = false;
    out.push({ type: "reasoning", text: visible });
  }

  #release(text: string, out: ModelChunk[]): void {
    this.done = true;
    out.push({ type: "text", text });
  }
}

/** How many characters at the end of `text` could be the beginning of `tag`. */
function partialTail(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length -= 1)
    if (tag.startsWith(text.slice(text.length - length))) return length;
  return 0;
}
