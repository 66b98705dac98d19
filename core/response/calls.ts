import { newId } from "../ids.ts";
import type { ModelChunk } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { Note } from "../protocol/items.ts";
import type { OutputItem } from "../protocol/wire.ts";
import type { CallEnd, Presentation, Tool } from "../tool.ts";
import { type Callable, type Called, type Offer, resolveCalled } from "./called-names.ts";
import { defaultPresentation, withFinalStatus } from "./default-presentation.ts";
import { added, type Ending, functionItem, type OpenCall, type Place, placed } from "./open-items.ts";
import type { Output } from "./output.ts";

type CallChunk = Extract<ModelChunk, { type: "tool_call" }>;

/**
 * The calls of a response. They stay open until their turn ends, since arguments of parallel calls may come
 * in any order; gateway calls until they have run.
 */
export class Calls {
  /** The calls of this turn, in the order in which they opened. */
  list: OpenCall[] = [];
  /** In the turn of approved calls: those that have not begun, by the id of the approval request. */
  approved: Map<string, Tool> | undefined;
  /** How many calls of gateway tools may still open: `max_tool_calls` without those before. */
  left = Number.POSITIVE_INFINITY;
  /** Calls of this turn past that limit: they have no item and do not run. */
  ignored = 0;
  readonly #output: Output;
  readonly #byIndex = new Map<number, OpenCall>();
  /** What the model is offered in this turn; absent if its calls do not run. */
  offer: Offer | undefined;
  #callable: Callable = { gateway: new Map(), functions: [] };
  #hidesCalls = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** `hidesCalls`: calls of gateway tools are hidden until `show`. */
  beginTurn(callable: Callable, hidesCalls: boolean): void {
    this.#callable = callable;
    this.offer = undefined;
    this.#hidesCalls = hidesCalls;
    this.approved = undefined;
    this.ignored = 0;
    this.list = [];
    this.#byIndex.clear();
  }

  open(chunk: CallChunk, out: EventDraft[]): void {
    const called = resolveCalled(chunk.name, this.#callable, this.approved ? undefined : this.offer);
    if (this.#isPastLimit(chunk.name, called)) {
      this.ignored++;
      this.#byIndex.delete(chunk.index);
      return;
    }
    const meant = called.name === chunk.name ? chunk : { ...chunk, name: called.name };
    const call = called.tool
      ? this.#openTool(meant, called.tool, called.missing, out)
      : this.#openFunction(meant, out);
    this.list.push(call);
    this.#byIndex.set(chunk.index, call);
  }

  /** Counts a call of a gateway tool. Past the limit no turn offers such tools, and a model may still call one. */
  #isPastLimit(name: string, { tool, missing }: Called): boolean {
    if (!tool || (missing !== undefined && this.left > 0)) return false;
    if (missing !== undefined) return resolveCalled(name, this.#callable, undefined).missing === undefined;
    if (this.left === 0) return true;
    this.left--;
    return false;
  }

  #openFunction({ name, callId, item }: CallChunk, out: EventDraft[]): OpenCall {
    const place = this.#output.take("fc", item?.id);
    const call: OpenCall = {
      ...place,
      calledAt: place.outputIndex,
      callId: this.#uniqueCallId(callId, place.id),
      name,
      arguments: "",
      ...(item ? { item } : {}),
    };
    out.push(added(place.outputIndex, functionItem(call, "in_progress")));
    return call;
  }

  #openTool(chunk: CallChunk, tool: Tool, missing: string | undefined, out: EventDraft[]): OpenCall {
    const approval = this.#takeApproval(chunk, tool);
    const call: OpenCall = {
      ...HIDDEN,
      calledAt: this.#output.next,
      callId: "",
      name: chunk.name,
      arguments: "",
      tool,
      ...(approval === undefined ? {} : { approval }),
      ...(missing === undefined ? {} : { missing }),
    };
    if (!missing && approval === undefined && (tool.needsApproval || this.#hidesCalls))
      return { ...call, callId: this.#uniqueCallId(chunk.callId, newId("call")) };
    const shown = this.#present(call, tool, out);
    return { ...shown, callId: this.#uniqueCallId(chunk.callId, shown.id) };
  }

  /** Takes the approval for a call of exactly this tool. Each approval works once. */
  #takeApproval({ approval }: CallChunk, tool: Tool): string | undefined {
    if (approval === undefined || this.approved?.get(approval) !== tool) return undefined;
    this.approved.delete(approval);
    return approval;
  }

  /** Opens the item of a gateway call at the next output index. */
  #present(call: OpenCall, tool: Tool, out: EventDraft[]): OpenCall & { presentation: Presentation } {
    const { approval } = call;
    const presentation = tool.present?.(approval) ?? defaultPresentation(tool, approval);
    const place = this.#output.take(presentation.idPrefix);
    out.push(added(place.outputIndex, { ...presentation.item, id: place.id } as OutputItem));
    for (const progress of presentation.opened) out.push(placed(place, progress));
    return { ...call, ...place, presentation };
  }

  /** Shows a hidden call with its arguments so far, and returns the call with its place. */
  show(hidden: OpenCall & { tool: Tool }, out: EventDraft[]): OpenCall & { tool: Tool } {
    const call = { ...this.#present(hidden, hidden.tool, out), tool: hidden.tool };
    this.list[this.list.indexOf(hidden)] = call;
    if (call.arguments !== "")
      for (const progress of call.presentation.args(call.arguments)) out.push(placed(call, progress));
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

  /** Ends the arguments of a call. If the model wrote nothing, they are an empty object. */
  ready(call: OpenCall, out: EventDraft[]): void {
    if (call.arguments.trim() === "") this.#extend(call, "{}", out);
    for (const progress of call.presentation?.ready(call.arguments) ?? []) out.push(placed(call, progress));
  }

  /** A client's function call, which ends. */
  endingOf(call: OpenCall, status: "completed" | "incomplete"): Ending {
    const { id: item_id, outputIndex: output_index, arguments: args, name, note } = call;
    const type = "response.function_call_arguments.done";
    const end = (): EventDraft[] => [{ type, item_id, output_index, name, arguments: args }];
    return { outputIndex: output_index, item: functionItem(call, status), note, end };
  }

  /** A gateway call that ends. A tap may make an error of its output: then the events say so. */
  ending(call: OpenCall, how: CallEnd): Ending {
    const { item: draft, events: progress } = (call.presentation as Presentation).done(how);
    const item = { ...draft, id: call.id } as OutputItem;
    const events = progress.map((event) => placed(call, event));
    const end = (finished: OutputItem) => (finished === item ? events : withFinalStatus(finished, events));
    return { outputIndex: call.outputIndex, item, isCutOff: how.kind === "stopped", note: call.note, end };
  }

  /**
   * Ends open calls, cut off as they are. Hidden calls are dropped. A presentation
   * that throws even now is told to `onError`; its item ends as failed, as it opened.
   */
  closeAll(out: EventDraft[], onError: (error: unknown) => void): void {
    for (const call of this.list) {
      if (this.#output.isClosed(call)) continue;
      if (!call.tool) this.#output.close(this.endingOf(call, "incomplete"), out);
      else if (call.presentation) this.#output.close(this.#stopped(call, call.presentation, onError), out);
    }
  }

  #stopped(call: OpenCall, { item }: Presentation, onError: (error: unknown) => void): Ending {
    try {
      return this.ending(call, { kind: "stopped" });
    } catch (error) {
      onError(error);
      const failed = { ...item, id: call.id, status: "failed" } as OutputItem;
      return { outputIndex: call.outputIndex, item: failed, note: call.note, end: () => [] };
    }
  }
}

/** A call that waits for approval has no place: the question that stands for it takes one when it is asked. */
const HIDDEN: Place = { id: "", outputIndex: -1 };
