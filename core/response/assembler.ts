import { assertNever } from "../errors.ts";
import type { ModelChunk } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { StoredItem } from "../protocol/items.ts";
import type {
  LogProb,
  MCPApprovalRequest,
  OutputItem,
  OutputMessage,
  ReasoningItem,
  ResponseUsage,
} from "../protocol/wire.ts";
import type { CallEnd, ListedItem, Presentation, Tool } from "../tool.ts";
import { defaultPresentation } from "./default-presentation.ts";
import {
  added,
  closingEvents,
  done,
  functionItem,
  type ItemEnd,
  type OpenCall,
  type OpenText,
  openingEvents,
  openText,
  Places,
  placed,
  textItem,
} from "./open-items.ts";
import { addUsage } from "./usage.ts";

/** What a client sees of a whole item. */
export type Mask = (item: OutputItem) => OutputItem;

/**
 * Builds the items of one response out of chunks, and the event drafts that show them. Pure and synchronous:
 * it pushes drafts into the array it is given. Before an item ends it halts: `endsText(chunk)` says that the
 * open text must be closed first, which the pipeline does once `onOutputItem` has seen `openItem`.
 */
export class Assembler {
  /** Every finished item, by `output_index`, whole; holes are items that are still open. */
  readonly output: StoredItem[] = [];
  usage: ResponseUsage | null = null;
  /** The calls of this turn, in the order in which they opened. */
  calls: OpenCall[] = [];
  readonly #places: Places;
  readonly #mask: Mask;
  /** Whether the client asked for logprobs; an upstream may send them unasked. */
  readonly #logprobs: boolean;
  #tools: ReadonlyMap<string, Tool> = new Map();
  #turn = 0;
  #text: OpenText | undefined;
  #byIndex = new Map<number, OpenCall>();
  /** Items of native upstreams between "added" and "done", by id. */
  #native = new Map<string, number>();

  constructor(responseId: string, mask: Mask, logprobs: boolean) {
    this.#places = new Places(responseId);
    this.#mask = mask;
    this.#logprobs = logprobs;
  }

  /** Gateway tools by the name that the model calls. `turn` is unique in the conversation. */
  beginTurn(turn: number, tools: ReadonlyMap<string, Tool>): void {
    this.#turn = turn;
    this.#tools = tools;
    this.calls = [];
    this.#byIndex.clear();
  }

  /** Whether the open text item ends before this chunk. */
  endsText(chunk: ModelChunk): boolean {
    const open = this.#text;
    if (open === undefined || chunk.type === open.kind) return false;
    if ((chunk.type === "text" || chunk.type === "reasoning") && chunk.text === "") return false;
    return chunk.type !== "usage" && chunk.type !== "annotation" && chunk.type !== "tool_arguments";
  }

  /** The open text item as it would be if it ended now. */
  openItem(status: ItemEnd): OutputMessage | ReasoningItem | undefined {
    return this.#text && textItem(this.#text, status);
  }

  apply(chunk: ModelChunk, out: EventDraft[]): void {
    switch (chunk.type) {
      case "text":
      case "reasoning":
      case "refusal":
        this.#addText(chunk.type, chunk.text, chunk.type === "text" ? chunk.logprobs : undefined, out);
        return;
      case "tool_call":
        this.#openCall(chunk, out);
        return;
      case "tool_arguments":
        this.#addArguments(chunk.index, chunk.delta, out);
        return;
      case "annotation":
        this.#annotate(chunk.annotation, out);
        return;
      case "usage":
        this.usage = addUsage(this.usage, chunk.usage);
        return;
      case "item":
        this.#passItem(chunk.item, chunk.stage, out);
        return;
      case "item_event":
        this.#passEvent(chunk.event, out);
        return;
      case "stop":
      case "finish":
        return;
      default:
        assertNever(chunk);
    }
  }

  #addText(kind: OpenText["kind"], text: string, logprobs: LogProb[] | undefined, out: EventDraft[]): void {
    if (text === "" && !logprobs?.length) return;
    let open = this.#text;
    if (open === undefined) {
      const place = this.#places.take(kind === "reasoning" ? "rs" : "msg");
      open = openText(place, kind);
      this.#text = open;
      out.push(...openingEvents(open));
    }
    open.text += text;
    const { id: item_id, outputIndex: output_index } = open;
    if (kind === "text") {
      let shown: LogProb[] = NO_LOGPROBS;
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
    } else {
      const type = kind === "reasoning" ? "response.reasoning_text.delta" : "response.refusal.delta";
      out.push({ type, item_id, output_index, content_index: 0, delta: text });
    }
  }

  /** Ends the open text item as `item`, which `onOutputItem` may have annotated. */
  closeText(item: OutputMessage | ReasoningItem, out: EventDraft[]): void {
    const open = this.#text;
    if (!open) return;
    this.#text = undefined;
    out.push(...closingEvents(open, item));
    this.#keep(open.outputIndex, item);
  }

  #annotate(annotation: OpenText["annotations"][number], out: EventDraft[]): void {
    const open = this.#text;
    if (open?.kind !== "text") return;
    const at = { item_id: open.id, output_index: open.outputIndex, content_index: 0 };
    const annotation_index = open.annotations.length;
    open.annotations.push(annotation);
    out.push({ type: "response.output_text.annotation.added", ...at, annotation_index, annotation });
  }

  #openCall(chunk: Extract<ModelChunk, { type: "tool_call" }>, out: EventDraft[]): void {
    const tool = this.#tools.get(chunk.name);
    const call = this.#placeCall(chunk.name, chunk.callId, tool, tool && presentationOf(tool), out);
    this.#byIndex.set(chunk.index, call);
    this.calls.push(call);
  }

  /** Opens a gateway call that no model made in this turn: one that the client has approved. */
  openApproved(tool: Tool, request: MCPApprovalRequest, out: EventDraft[]): void {
    const presentation = tool.present?.(request.id) ?? defaultPresentation(tool, request.id);
    const call = this.#placeCall(tool.name, request.id, tool, presentation, out);
    this.calls.push(call);
    this.#extend(call, request.arguments, out);
  }

  #placeCall(
    name: string,
    callId: string | undefined,
    tool: Tool | undefined,
    presentation: Presentation | undefined,
    out: EventDraft[],
  ): OpenCall {
    const place = this.#places.take(presentation?.idPrefix ?? (tool ? "mcpr" : "fc"));
    const call: OpenCall = {
      ...place,
      callId: this.#uniqueCallId(callId, place.id),
      name,
      arguments: "",
      ...(tool ? { tool } : {}),
      ...(presentation ? { presentation } : {}),
    };
    if (presentation) {
      out.push(added(place.outputIndex, { ...presentation.item, id: place.id } as OutputItem));
      for (const progress of presentation.opened) out.push(placed(place, progress));
    } else if (!tool) out.push(added(place.outputIndex, functionItem(call, "in_progress")));
    return call;
  }

  /** Upstreams may leave ids out or use one twice; a call's id is unique in its response. */
  #uniqueCallId(callId: string | undefined, itemId: string): string {
    const used = (id: string) =>
      this.calls.some((call) => call.callId === id) ||
      this.output.some((stored) => stored?.item.type === "function_call" && stored.item.call_id === id);
    return callId && !used(callId) ? callId : `call_${itemId.slice(itemId.indexOf("_") + 1)}`;
  }

  #addArguments(index: number, delta: string, out: EventDraft[]): void {
    const call = this.#byIndex.get(index);
    if (call && delta !== "") this.#extend(call, delta, out);
  }

  #extend(call: OpenCall, delta: string, out: EventDraft[]): void {
    call.arguments += delta;
    if (call.presentation) {
      for (const progress of call.presentation.args(delta)) out.push(placed(call, progress));
    } else if (!call.tool) {
      const at = { item_id: call.id, output_index: call.outputIndex };
      out.push({ type: "response.function_call_arguments.delta", ...at, delta });
    }
  }

  /** Ends a client's function call. */
  closeFunction(call: OpenCall, item: OutputItem, out: EventDraft[]): void {
    const { arguments: args, name } = call;
    const at = { item_id: call.id, output_index: call.outputIndex };
    out.push({ type: "response.function_call_arguments.done", ...at, name, arguments: args });
    out.push(done(call.outputIndex, item));
    this.#keep(call.outputIndex, item);
  }

  /** The arguments of a gateway call are complete. */
  readyCall(call: OpenCall, out: EventDraft[]): void {
    for (const progress of call.presentation?.ready(call.arguments) ?? []) out.push(placed(call, progress));
  }

  /** The whole item of a gateway call that has ended, for `onOutputItem`, and the events that end it. */
  endCall(call: OpenCall, end: CallEnd): { item: OutputItem; events: EventDraft[] } {
    const { item, events } = (call.presentation as Presentation).done(end);
    return {
      item: { ...item, id: call.id } as OutputItem,
      events: events.map((progress) => placed(call, progress)),
    };
  }

  /** Ends a gateway call's item, or any whole item that has been opened at `outputIndex`. */
  closeItem(outputIndex: number, item: OutputItem, events: readonly EventDraft[], out: EventDraft[]): void {
    out.push(...events, done(outputIndex, this.#mask(item)));
    this.#keep(outputIndex, item);
  }

  /** Opens an item that comes whole, and says where it stands. */
  openListed(listed: ListedItem, out: EventDraft[]): { item: OutputItem; outputIndex: number } {
    const place = this.#places.take(listed.idPrefix);
    out.push(added(place.outputIndex, { ...listed.opened, id: place.id } as OutputItem));
    for (const progress of listed.events) out.push(placed(place, progress));
    return { item: { ...listed.item, id: place.id } as OutputItem, outputIndex: place.outputIndex };
  }

  /** Opens and shows a whole item that has no life: an approval request. */
  showApproval(call: OpenCall, item: OutputItem, out: EventDraft[]): void {
    out.push(added(call.outputIndex, item));
    this.closeItem(call.outputIndex, item, [], out);
  }

  /** Ends whatever is open, cut off where it is. */
  closeAll(out: EventDraft[]): void {
    const text = this.openItem("incomplete");
    if (text) this.closeText(text, out);
    for (const call of this.calls) {
      if (this.output[call.outputIndex]) continue;
      if (!call.tool) {
        this.closeFunction(call, functionItem(call, "incomplete"), out);
      } else if (call.presentation) {
        const { item, events } = this.endCall(call, { kind: "stopped" });
        this.closeItem(call.outputIndex, item, events, out);
      }
    }
  }

  /** A place after all others, for an item that an open one led to. */
  takePlace(idPrefix: string): { id: string; outputIndex: number } {
    return this.#places.take(idPrefix);
  }

  #passItem(item: OutputItem, stage: "added" | "done", out: EventDraft[]): void {
    const id = (item as { id?: string }).id;
    let outputIndex = id === undefined ? undefined : this.#native.get(id);
    if (outputIndex === undefined) {
      outputIndex = this.#places.take("item", id).outputIndex;
      if (id !== undefined) this.#native.set(id, outputIndex);
      out.push(added(outputIndex, this.#mask(item)));
    }
    if (stage === "done") this.closeItem(outputIndex, item, [], out);
  }

  #passEvent(event: EventDraft, out: EventDraft[]): void {
    if (!("item_id" in event)) return;
    const outputIndex = this.#native.get(event.item_id);
    if (outputIndex !== undefined) out.push({ ...event, output_index: outputIndex } as EventDraft);
  }

  #keep(outputIndex: number, item: OutputItem): void {
    this.output[outputIndex] = { item, turn: this.#turn };
  }

  /** The finished items as the client sees them, in the order of `output_index`. */
  shown(): OutputItem[] {
    return this.output.filter(Boolean).map((stored) => this.#mask(stored.item as OutputItem));
  }
}

const NO_LOGPROBS: LogProb[] = [];

/** `undefined` for a tool that needs approval first: its call does not show before. */
function presentationOf(tool: Tool): Presentation | undefined {
  if (tool.needsApproval) return undefined;
  return tool.present?.() ?? defaultPresentation(tool);
}
