import type { ModelChunk } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { Annotation, LogProb, OutputMessage, ReasoningItem } from "../protocol/wire.ts";
import {
  closingEvents,
  type ItemEnd,
  type OpenText,
  openingEvents,
  openText,
  textItem,
} from "./open-items.ts";
import type { Output } from "./output.ts";

const NO_LOGPROBS: LogProb[] = [];

/** The messages and reasoning of a response. One is open at a time, and has one part. */
export class Texts {
  readonly #output: Output;
  /** Whether the client asked for logprobs; an upstream may send them unasked. */
  readonly #logprobs: boolean;
  #open: OpenText | undefined;

  constructor(output: Output, logprobs: boolean) {
    this.#output = output;
    this.#logprobs = logprobs;
  }

  /** Whether the open item ends before this chunk. */
  endsAt(chunk: ModelChunk): boolean {
    const open = this.#open;
    if (open === undefined || chunk.type === open.kind) return false;
    if ((chunk.type === "text" || chunk.type === "reasoning") && chunk.text === "") return false;
    return chunk.type !== "usage" && chunk.type !== "annotation" && chunk.type !== "tool_arguments";
  }

  /** The open item as it would be if it ended now. */
  item(status: ItemEnd): OutputMessage | ReasoningItem | undefined {
    return this.#open && textItem(this.#open, status);
  }

  add(kind: OpenText["kind"], text: string, logprobs: LogProb[] | undefined, out: EventDraft[]): void {
    if (text === "" && !logprobs?.length) return;
    let open = this.#open;
    if (open === undefined) {
      open = openText(this.#output.take(kind === "reasoning" ? "rs" : "msg"), kind);
      this.#open = open;
      out.push(...openingEvents(open));
    }
    open.text += text;
    const { id: item_id, outputIndex: output_index } = open;
    if (kind !== "text") {
      const type = kind === "reasoning" ? "response.reasoning_text.delta" : "response.refusal.delta";
      out.push({ type, item_id, output_index, content_index: 0, delta: text });
      return;
    }
    let shown = NO_LOGPROBS;
    if (logprobs && this.#logprobs) {
      open.logprobs.push(...logprobs);
      shown = logprobs;
    }
    out.push({
      type: "response.output_text.delta",
      item_id,
      output_index,
      content_index: 0,
      delta: text,
      logprobs: shown,
    });
  }

  annotate(annotation: Annotation, out: EventDraft[]): void {
    const open = this.#open;
    if (open?.kind !== "text") return;
    const at = { item_id: open.id, output_index: open.outputIndex, content_index: 0 };
    const annotation_index = open.annotations.length;
    open.annotations.push(annotation);
    out.push({ type: "response.output_text.annotation.added", ...at, annotation_index, annotation });
  }

  /** Ends the open item as `item`, which `onOutputItem` may have annotated. */
  close(item: OutputMessage | ReasoningItem, out: EventDraft[]): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    this.#output.close(open.outputIndex, item, closingEvents(open, item), out);
  }
}
