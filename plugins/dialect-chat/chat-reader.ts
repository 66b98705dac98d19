import type { ModelChunk } from "../../core/index.ts";
import { type ChatDecoder, createChatDecoder, type DecoderOptions } from "./chat-decoder.ts";
import type { ChatChunk } from "./chat-types.ts";
import { DeltaFrame } from "./delta-frame.ts";
import { JsonEvents, type JsonEventsOptions } from "./json-events.ts";
import type { ChatQuirks } from "./quirks.ts";

/** Turns the bytes of a streamed answer into model chunks. */
export class ChatReader {
  readonly #events: JsonEvents;
  readonly #decoder: ChatDecoder;
  readonly #frame = new DeltaFrame();
  #begun = false;

  constructor(quirks: ChatQuirks, options: JsonEventsOptions & DecoderOptions) {
    this.#events = new JsonEvents(options);
    this.#decoder = createChatDecoder(quirks, options);
  }

  /** Whether `[DONE]` has come. What follows is ignored. */
  get done(): boolean {
    return this.#events.done;
  }

  /** Whether the answer is complete. Its usage may still follow. */
  get finished(): boolean {
    return this.#decoder.finished;
  }

  /** Whether a chunk has come. Comments, empty events and errors do not count. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Takes everything that one read brought. @throws UpstreamError; what came before the error is in `out` */
  read(fragments: readonly Buffer[], out: ModelChunk[]): void {
    this.#events.append(fragments);
    this.#drain(out);
  }

  /** Call after the last read. @throws UpstreamError 502 if the stream broke off */
  end(out: ModelChunk[]): void {
    this.#events.appendRest();
    this.#drain(out);
    const last = this.#events.last();
    if (last) this.#decoder.push(last as ChatChunk, out);
    this.#decoder.end(this.done, out);
  }

  #drain(out: ModelChunk[]): void {
    const events = this.#events;
    const { lines } = events;
    const frame = this.#frame;
    while (!events.done) {
      if (frame.known && lines.atEvent) {
        const text = frame.match(lines);
        if (text !== undefined) {
          this.#decoder.repeat(text, out);
          continue;
        }
      }
      const chunk = events.next();
      if (chunk === undefined) return;
      this.#decoder.push(chunk as ChatChunk, out);
      this.#begun = true;
      frame.learn(events.payload, this.#decoder.plain);
    }
  }
}
