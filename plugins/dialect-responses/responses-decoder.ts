import {
  type EventDraft,
  type ModelChunk,
  type PartType,
  UpstreamError,
  type wire,
} from "../../core/index.ts";
import { toErrorInStream } from "../dialect-chat/index.ts";
import { argumentsOf, callChunk, endOf, isCall, toNonsense, typedItem, wholeItem } from "./from-response.ts";
import { isTextItem, rest, withoutWords } from "./text-items.ts";
import { type Part, ToldText } from "./told-text.ts";
import type { ServerEvent, ServerResponse } from "./wire-event.ts";

/** An item that the server has begun. */
interface Begun {
  item: wire.OutputItem;
  /** Of a message or of reasoning. */
  text: ToldText;
  /** Of a call: the arguments that went out. */
  args: string;
}

/** The words that events bring, and the part that they belong to. */
const WORDS: Readonly<Record<string, PartType>> = {
  "response.output_text": "output_text",
  "response.refusal": "refusal",
  "response.reasoning_text": "reasoning_text",
  // Open Responses' name
  "response.reasoning": "reasoning_text",
  "response.reasoning_summary_text": "summary_text",
};

/** From events of a Responses stream to model chunks. One message or reasoning item is told at a time. */
export class ResponsesDecoder {
  readonly #secrets: readonly string[];
  readonly #items = new Map<number, Begun>();
  readonly #ids = new Set<unknown>();
  /** The text item whose words go out; events of others wait for its end. */
  #live: number | undefined;
  #waiting: ServerEvent[] = [];
  #end: ServerResponse | undefined;

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  /** Whether the terminal event has come. */
  get finished(): boolean {
    return this.#end !== undefined;
  }

  /** @throws UpstreamError when the server reports an error, or says what makes no sense */
  push(event: ServerEvent, out: ModelChunk[]): void {
    try {
      this.#push(event, out);
    } catch (error) {
      throw toNonsense(error);
    }
  }

  /** After the last event: usage and `finish`. @throws UpstreamError 502 if the stream broke off */
  end(out: ModelChunk[]): void {
    const response = this.#end;
    if (!response) throw new UpstreamError(502, "the model server broke off before its answer was complete");
    try {
      this.#live = undefined;
      this.#goOn(out);
      this.#neverStreamed(response, out);
    } catch (error) {
      throw toNonsense(error);
    }
    const hasCalls = [...this.#items.values()].some(({ item }) => isCall(item));
    endOf(response, hasCalls, out, this.#secrets);
  }

  /** Of a server that says all at the end. Some number their items wrongly: those are known by their ids. */
  #neverStreamed({ output }: ServerResponse, out: ModelChunk[]): void {
    if (!Array.isArray(output)) return;
    for (const [index, item] of output.entries()) {
      if (this.#items.has(index) || this.#ids.has(idOf(item))) continue;
      this.#note(index, item);
      wholeItem(item, index, out);
    }
  }

  #note(index: number, item: wire.OutputItem): Begun {
    const begun = { item, text: new ToldText(item.type === "reasoning" ? item.type : "message"), args: "" };
    this.#items.set(index, begun);
    const id = idOf(item);
    if (id) this.#ids.add(id);
    return begun;
  }

  #push(event: ServerEvent, out: ModelChunk[]): void {
    const type = String(event.type);
    switch (type) {
      case "response.completed":
      case "response.incomplete":
        this.#end = event.response ?? {};
        return;
      case "response.failed":
        throw toErrorInStream(event.response?.error, this.#secrets);
      case "error":
        throw toErrorInStream(event.error ?? event, this.#secrets);
    }
    const index = event.output_index;
    if (typeof index !== "number") return;
    if (this.#waits(index, event.item)) {
      this.#waiting.push(event);
      return;
    }
    if (type === "response.output_item.added") this.#begin(index, event.item as wire.OutputItem, out);
    else if (type === "response.output_item.done") this.#done(index, event.item as wire.OutputItem, out);
    else this.#inItem(type, index, event, out);
  }

  /** Whether an event is of a text item that is not its turn yet. */
  #waits(index: number, item: wire.OutputItem | undefined): boolean {
    if (this.#live === undefined || this.#live === index) return false;
    if (this.#waiting.some(({ output_index }) => output_index === index)) return true;
    return item !== undefined && isTextItem(item) && !this.#items.has(index);
  }

  #begin(index: number, item: wire.OutputItem, out: ModelChunk[]): void {
    const begun = this.#note(index, item);
    if (item.type === "function_call") {
      out.push(callChunk(item, index));
      this.#arguments(begun, index, item.arguments, out);
    } else if (isTextItem(item)) {
      this.#live = index;
      out.push({ type: "item", stage: "added", item: withoutWords(item) });
    } else out.push({ type: "item", stage: "added", item: withRequired(typedItem(item)) });
  }

  #done(index: number, item: wire.OutputItem, out: ModelChunk[]): void {
    const begun = this.#items.get(index);
    const { text } = begun ?? this.#note(index, item);
    if (item.type === "function_call") {
      if (begun) this.#arguments(begun, index, item.arguments, out);
      else wholeItem(item, index, out);
    } else if (!isTextItem(item)) {
      if (begun) out.push({ type: "item", stage: "done", item: typedItem(item) });
      else wholeItem(item, index, out);
    } else {
      if (!begun) out.push({ type: "item", stage: "added", item: withoutWords(item) });
      text.wholeItem(item, out);
      out.push({ type: "item", stage: "done", item: withoutWords(item) });
      if (this.#live === index) this.#live = undefined;
      this.#goOn(out);
    }
  }

  /** What had to wait for a text item that has ended. */
  #goOn(out: ModelChunk[]): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const event of waiting) this.#push(event, out);
  }

  #inItem(type: string, index: number, event: ServerEvent, out: ModelChunk[]): void {
    const begun = this.#items.get(index);
    if (!begun) return;
    if (begun.item.type === "function_call") {
      if (type === "response.function_call_arguments.delta") this.#more(begun, index, event.delta, out);
      else if (type === "response.function_call_arguments.done")
        this.#arguments(begun, index, event.arguments, out);
    } else if (isTextItem(begun.item)) this.#inText(begun.text, type, event, out);
    else if (type.startsWith("response.")) out.push({ type: "item_event", event: toDraft(event) });
  }

  #inText(text: ToldText, type: string, event: ServerEvent, out: ModelChunk[]): void {
    const at = event.summary_index ?? event.content_index ?? 0;
    switch (type) {
      case "response.content_part.added":
      case "response.reasoning_summary_part.added":
        text.begin(event.part?.type, at, out);
        return;
      case "response.content_part.done":
      case "response.reasoning_summary_part.done":
        text.whole(event.part as Part | undefined, at, out);
        return;
      case "response.output_text.annotation.added":
        text.annotation(at, event.annotation, out);
        return;
    }
    const part = WORDS[type.slice(0, type.lastIndexOf("."))];
    if (part === undefined) return;
    const { delta, logprobs } = event;
    if (!type.endsWith(".done")) text.words(part, at, delta, logprobs, out);
    else text.ended(part, at, part === "refusal" ? event.refusal : event.text, logprobs, out);
  }

  /** All arguments of a call, of which some may have gone out. */
  #arguments(begun: Begun, index: number, all: unknown, out: ModelChunk[]): void {
    this.#more(begun, index, rest(argumentsOf(all), begun.args), out);
  }

  #more(begun: Begun, index: number, delta: unknown, out: ModelChunk[]): void {
    if (typeof delta !== "string" || delta === "") return;
    begun.args += delta;
    out.push({ type: "tool_arguments", index, delta });
  }
}

/** Items begin before the server knows what for or what comes of them, which clients' schemas do not foresee. */
function withRequired(item: wire.OutputItem): wire.OutputItem {
  if (item.type === "web_search_call" && !item.action)
    return { ...(item as wire.WebSearchToolCall), action: { type: "search" } };
  if (item.type === "image_generation_call" && item.result === undefined)
    return { ...(item as wire.ImageGenToolCall), result: null };
  return item;
}

function idOf(item: wire.OutputItem): unknown {
  return (item as { id?: unknown }).id;
}

/** As the gateway sends it on: with a number of its own, and padded only if the client wants it. */
function toDraft(event: ServerEvent): EventDraft {
  const { sequence_number: _, obfuscation: __, ...draft } = event as Record<string, unknown>;
  return draft as unknown as EventDraft;
}
