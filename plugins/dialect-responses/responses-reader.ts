import type { ModelChunk } from "../../core/index.ts";
import { JsonEvents, type JsonEventsOptions } from "../dialect-chat/index.ts";
import { type Ending, fromResponse } from "./from-response.ts";
import { ResponsesDecoder } from "./responses-decoder.ts";

/** Turns the bytes of a streamed answer into model chunks. */
export class ResponsesReader {
  readonly #events: JsonEvents;
  readonly #decoder: ResponsesDecoder;
  readonly #ending: Ending;

  constructor(options: JsonEventsOptions, ending: Ending = { secrets: options.secrets ?? [] }) {
    this.#events = new JsonEvents({ ...options, names: "response." });
    this.#ending = ending;
    this.#decoder = new ResponsesDecoder(ending);
  }

  /** Whether the model has written anything. */
  get begun(): boolean {
    return this.#decoder.begun;
  }

  /** Whether the terminal event has come. What follows is ignored. */
  get done(): boolean {
    return this.#events.done || this.#decoder.finished;
  }

  get finished(): boolean {
    return this.#decoder.finished;
  }

  /** Takes everything that one read brought. @throws UpstreamError; what came before the error is in `out` */
  read(fragments: readonly Buffer[], out: ModelChunk[]): void {
    this.#events.append(fragments);
    this.#drain(out);
  }

  /** Call after the last read. @throws UpstreamError 502 if the stream broke off */
  end(out: ModelChunk[]): void {
    if (!this.done) {
      this.#events.appendRest();
      this.#drain(out);
    }
    const last = this.#decoder.finished ? undefined : this.#events.last();
    if (last && !("type" in last)) {
      // The body is a whole response that was labelled as a stream.
      for (const chunk of fromResponse(last, this.#ending)) out.push(chunk);
      return;
    }
    if (last) this.#decoder.push(last, out);
    this.#decoder.end(out);
  }

  #drain(out: ModelChunk[]): void {
    while (!this.done) {
      const event = this.#events.next();
      if (event === undefined) return;
      this.#decoder.push(event, out);
    }
  }
}
