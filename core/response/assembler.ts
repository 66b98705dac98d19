import { assertNever } from "../errors.ts";
import type { ModelChunk } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { OutputItem, ResponseUsage } from "../protocol/wire.ts";
import type { ListedItem } from "../tool.ts";
import type { Callable } from "./called-names.ts";
import { Calls } from "./calls.ts";
import { ExplicitItems } from "./explicit-items.ts";
import { HostedItems } from "./hosted-items.ts";
import { added, type Ending, placed } from "./open-items.ts";
import { isText } from "./open-text.ts";
import { type Mask, Output } from "./output.ts";
import { Texts } from "./texts.ts";
import { addUsage } from "./usage.ts";

/**
 * Builds the items of one response out of chunks, and the event drafts that show them. Pure and synchronous:
 * it pushes drafts into the array it is given. It takes explicit items only: where one ends it says so, and the pipeline
 * closes the item once `onOutputItem` has seen it.
 */
export class Assembler {
  readonly output: Output;
  readonly texts: Texts;
  readonly calls: Calls;
  /** The step in front of `apply`. */
  readonly explicit = new ExplicitItems();
  usage: ResponseUsage | null = null;
  readonly hosted: HostedItems;

  constructor(responseId: string, mask: Mask, logprobs: boolean) {
    this.output = new Output(responseId, mask);
    this.texts = new Texts(this.output, logprobs);
    this.calls = new Calls(this.output);
    this.hosted = new HostedItems(this.output);
  }

  /** `turn` is unique in the conversation. `hidesCalls`: calls of gateway tools are shown later. */
  beginTurn(turn: number, callable: Callable, hidesCalls: boolean): void {
    this.output.beginTurn(turn);
    this.calls.beginTurn(callable, hidesCalls);
  }

  /** Returns the item that ends with this chunk. */
  apply(chunk: ModelChunk, out: EventDraft[]): Ending | undefined {
    switch (chunk.type) {
      case "text":
        this.texts.add("text", chunk.text, chunk.logprobs, out);
        return undefined;
      case "reasoning":
      case "refusal":
        this.texts.add(chunk.type, chunk.text, undefined, out);
        return undefined;
      case "tool_call":
        this.calls.open(chunk, out);
        return undefined;
      case "tool_arguments":
        this.calls.addArguments(chunk.index, chunk.delta, out);
        return undefined;
      case "annotation":
        this.texts.annotate(chunk.annotation, out);
        return undefined;
      case "usage":
        this.usage = addUsage(this.usage, chunk.usage);
        return undefined;
      case "note":
        if (chunk.index === undefined) this.output.addNote(chunk.note);
        else this.calls.addNote(chunk.index, chunk.note);
        return undefined;
      case "item":
        return chunk.stage === "added" ? this.#open(chunk.item, out) : this.#ending(chunk.item, out);
      case "part":
        this.texts.beginPart(chunk.part, out);
        return undefined;
      case "item_event":
        this.hosted.event(chunk.event, out);
        return undefined;
      case "stop":
      case "finish":
        return undefined;
      default:
        return assertNever(chunk);
    }
  }

  #open(item: OutputItem, out: EventDraft[]): undefined {
    if (isText(item)) this.texts.open(item, out);
    else this.hosted.open(item, out);
  }

  #ending(item: OutputItem, out: EventDraft[]): Ending | undefined {
    return isText(item) ? this.texts.ending(item, out) : this.hosted.ending(item);
  }

  /** An item that resolving a tool brought. It opens as it ends: what a tap stops is never seen. */
  addListed(listed: ListedItem): Ending {
    const place = this.output.take(listed.idPrefix);
    const { id, outputIndex } = place;
    const opening = added(outputIndex, { ...listed.opened, id } as OutputItem);
    const end = () => [opening, ...listed.events.map((progress) => placed(place, progress))];
    return { outputIndex, item: { ...listed.item, id } as OutputItem, note: listed.note, end };
  }

  /** Ends whatever is open, cut off where it is. */
  closeAll(out: EventDraft[], onError: (error: unknown) => void): void {
    this.texts.closeAll(out);
    this.hosted.closeAll(out);
    this.calls.closeAll(out, onError);
  }
}
