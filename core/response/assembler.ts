import { assertNever } from "../errors.ts";
import type { ModelChunk } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { OutputItem, ResponseUsage } from "../protocol/wire.ts";
import type { ListedItem } from "../tool.ts";
import type { Callable } from "./called-names.ts";
import { Calls } from "./calls.ts";
import { NativeItems } from "./native-items.ts";
import { added, placed } from "./open-items.ts";
import { isText } from "./open-text.ts";
import { type Mask, Output } from "./output.ts";
import { Texts } from "./texts.ts";
import { addUsage } from "./usage.ts";

/**
 * Builds the items of one response out of chunks, and the event drafts that show them. Pure and synchronous:
 * it pushes drafts into the array it is given. Before an item ends it halts: `texts.endsAt(chunk)` says that
 * the open text must be closed first, which the pipeline does once `onOutputItem` has seen it.
 */
export class Assembler {
  readonly output: Output;
  readonly texts: Texts;
  readonly calls: Calls;
  usage: ResponseUsage | null = null;
  readonly natives: NativeItems;

  constructor(responseId: string, mask: Mask, logprobs: boolean) {
    this.output = new Output(responseId, mask);
    this.texts = new Texts(this.output, logprobs);
    this.calls = new Calls(this.output);
    this.natives = new NativeItems(this.output);
  }

  /** `turn` is unique in the conversation. `hidesCalls`: calls of gateway tools are shown later. */
  beginTurn(turn: number, callable: Callable, hidesCalls: boolean): void {
    this.output.beginTurn(turn);
    this.calls.beginTurn(callable, hidesCalls);
  }

  apply(chunk: ModelChunk, out: EventDraft[]): void {
    switch (chunk.type) {
      case "text":
        this.texts.add("text", chunk.text, chunk.logprobs, out);
        return;
      case "reasoning":
      case "refusal":
        this.texts.add(chunk.type, chunk.text, undefined, out);
        return;
      case "tool_call":
        this.calls.open(chunk, out);
        return;
      case "tool_arguments":
        this.calls.addArguments(chunk.index, chunk.delta, out);
        return;
      case "annotation":
        this.texts.annotate(chunk.annotation, out);
        return;
      case "usage":
        this.usage = addUsage(this.usage, chunk.usage);
        return;
      case "note":
        if (chunk.index === undefined) this.output.addNote(chunk.note);
        else this.calls.addNote(chunk.index, chunk.note);
        return;
      case "item":
        if (chunk.stage === "done") this.closeItem(chunk.item, chunk.item, out);
        else if (isText(chunk.item)) this.texts.openNative(chunk.item, out);
        else this.natives.add(chunk.item, out);
        return;
      case "part":
        this.texts.beginPart(chunk.part, out);
        return;
      case "item_event":
        this.natives.event(chunk.event, out);
        return;
      case "stop":
      case "finish":
        return;
      default:
        assertNever(chunk);
    }
  }

  /**
   * The item of an upstream that speaks items as it ends: with the words that were shown. `undefined` if it has
   * ended already. One that comes whole is opened and shown first.
   */
  completeItem(item: OutputItem, out: EventDraft[]): OutputItem | undefined {
    const { id } = item as { id?: string };
    const isOpen = isText(item) ? this.texts.isOpen(item) : id !== undefined && this.natives.isOpen(id);
    if (!isOpen && id !== undefined && this.output.hasTaken(id)) return undefined;
    if (!isText(item)) return item;
    // A plugin has dropped its opening, and its words have made a message of their own.
    if (!isOpen && item.type === "message" && item.content.length === 0) return undefined;
    if (!isOpen) this.texts.openNative(item, out);
    return this.texts.completeNative(item, out);
  }

  /** Ends an item that `completeItem` gave, as `onOutputItem` left it. */
  closeItem(item: OutputItem, finished: OutputItem, out: EventDraft[]): void {
    if (isText(finished)) this.texts.close(finished, out);
    else this.natives.close(item, finished, out);
  }

  /** Opens an item that comes whole, and says where it stands. */
  openListed(listed: ListedItem, out: EventDraft[]): { item: OutputItem; outputIndex: number } {
    const place = this.output.take(listed.idPrefix);
    out.push(added(place.outputIndex, { ...listed.opened, id: place.id } as OutputItem));
    for (const progress of listed.events) out.push(placed(place, progress));
    return { item: { ...listed.item, id: place.id } as OutputItem, outputIndex: place.outputIndex };
  }

  /** Ends whatever is open, cut off where it is. */
  closeAll(out: EventDraft[], onError: (error: unknown) => void): void {
    const text = this.texts.item("incomplete");
    if (text) this.texts.close(text, out);
    this.natives.closeAll(out);
    this.calls.closeAll(out, onError);
  }
}
