import type { ModelChunk } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { Note } from "../protocol/items.ts";
import type { FunctionToolCall, MCPApprovalRequest, OutputItem } from "../protocol/wire.ts";
import type { CallEnd, Presentation, Tool } from "../tool.ts";
import { defaultPresentation } from "./default-presentation.ts";
import { added, functionItem, type OpenCall, type Place, placed } from "./open-items.ts";
import type { Output } from "./output.ts";

/**
 * The calls of a response. They stay open until their turn ends, since arguments of parallel calls may come
 * in any order; gateway calls until they have run.
 */
export class Calls {
  /** The calls of this turn, in the order in which they opened. */
  list: OpenCall[] = [];
  readonly #output: Output;
  readonly #byIndex = new Map<number, OpenCall>();
  #tools: ReadonlyMap<string, Tool> = new Map();

  constructor(output: Output) {
    this.#output = output;
  }

  /** Gateway tools by the name that the model calls. */
  beginTurn(tools: ReadonlyMap<string, Tool>): void {
    this.#tools = tools;
    this.list = [];
    this.#byIndex.clear();
  }

  open(chunk: Extract<ModelChunk, { type: "tool_call" }>, out: EventDraft[]): void {
    const tool = this.#tools.get(chunk.name);
    const call = this.#place(chunk.name, chunk.callId, tool, tool && presentationOf(tool), out, chunk.item);
    this.#byIndex.set(chunk.index, call);
  }

  /** Opens a call that no model made in this turn: one that the client has approved. */
  openApproved(tool: Tool, request: MCPApprovalRequest, out: EventDraft[]): void {
    const presentation = tool.present?.(request.id) ?? defaultPresentation(tool, request.id);
    this.#extend(this.#place(tool.name, request.id, tool, presentation, out), request.arguments, out);
  }

  #place(
    name: string,
    callId: string | undefined,
    tool: Tool | undefined,
    presentation: Presentation | undefined,
    out: EventDraft[],
    item?: FunctionToolCall,
  ): OpenCall {
    const isHidden = tool !== undefined && presentation === undefined;
    const place = isHidden
      ? HIDDEN
      : this.#output.take(presentation?.idPrefix ?? "fc", tool ? undefined : item?.id);
    const call: OpenCall = {
      ...place,
      callId: this.#uniqueCallId(callId, place.id),
      name,
      arguments: "",
      ...(tool ? { tool } : item ? { item } : {}),
      ...(presentation ? { presentation } : {}),
    };
    this.list.push(call);
    if (presentation) {
      out.push(added(place.outputIndex, { ...presentation.item, id: place.id } as OutputItem));
      for (const progress of presentation.opened) out.push(placed(place, progress));
    } else if (!tool) out.push(added(place.outputIndex, functionItem(call, "in_progress")));
    return call;
  }

  /** Upstreams may leave ids out or use one twice; a call's id is unique in its response. */
  #uniqueCallId(callId: string | undefined, itemId: string): string {
    const used = (id: string) =>
      this.list.some((call) => call.callId === id) ||
      this.#output.finished().some(({ item }) => item.type === "function_call" && item.call_id === id);
    return callId && !used(callId) ? callId : `call_${itemId.slice(itemId.indexOf("_") + 1)}`;
  }

  addArguments(index: number, delta: string, out: EventDraft[]): void {
    const call = this.#byIndex.get(index);
    if (call && delta !== "") this.#extend(call, delta, out);
  }

  addNote(index: number, note: Note): void {
    const call = this.#byIndex.get(index);
    if (call) call.note = { ...call.note, ...note };
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
    const { id: item_id, outputIndex: output_index, arguments: args, name } = call;
    const events: EventDraft[] = [
      { type: "response.function_call_arguments.done", item_id, output_index, name, arguments: args },
    ];
    this.#output.close(output_index, item, events, out, call.note);
  }

  /** The arguments of a gateway call are complete. */
  ready(call: OpenCall, out: EventDraft[]): void {
    for (const progress of call.presentation?.ready(call.arguments) ?? []) out.push(placed(call, progress));
  }

  /** The whole item of a gateway call that has ended, for `onOutputItem`, and the events that end it. */
  end(call: OpenCall, end: CallEnd): { item: OutputItem; events: EventDraft[] } {
    const { item, events } = (call.presentation as Presentation).done(end);
    return {
      item: { ...item, id: call.id } as OutputItem,
      events: events.map((progress) => placed(call, progress)),
    };
  }

  /**
   * Ends what is still open, cut off where it is. A call that an approval hid was never seen. A presentation
   * that throws even now is told to `onError`; its item ends as failed, as it opened.
   */
  closeAll(out: EventDraft[], onError: (error: unknown) => void): void {
    for (const call of this.list) {
      if (this.#output.isClosed(call)) continue;
      if (!call.tool) this.closeFunction(call, functionItem(call, "incomplete"), out);
      else if (call.presentation) {
        const { item, events } = this.#stop(call, call.presentation, onError);
        this.#output.close(call.outputIndex, item, events, out, call.note);
      }
    }
  }

  #stop(call: OpenCall, presentation: Presentation, onError: (error: unknown) => void) {
    try {
      return this.end(call, { kind: "stopped" });
    } catch (error) {
      onError(error);
      return { item: { ...presentation.item, id: call.id, status: "failed" } as OutputItem, events: [] };
    }
  }
}

/** A call that waits for approval has no place: the question that stands for it takes one when it is asked. */
const HIDDEN: Place = { id: "", outputIndex: -1 };

/** `undefined` for a tool that needs approval first: its call does not show before. */
function presentationOf(tool: Tool): Presentation | undefined {
  if (tool.needsApproval) return undefined;
  return tool.present?.() ?? defaultPresentation(tool);
}
