import type { ModelChunk } from "../../core/index.ts";
import { JsonEvents, type JsonEventsOptions } from "../dialect-chat/index.ts";
import { type Ending, fromResponse } from "./from-response.ts";
import { ResponsesDecoder } from "./responses-decoder.ts";

/** From the bytes of a streamed answer to model chunks. */
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

  /** Nothing that matters follows the terminal event. */
  get done(): boolean {
    return this.#events.done || this.#decoder.finished;
  }

  get finished(): boolean {
    return this.#decoder.finished;
  }

  /** All that one read brought. @throws UpstreamError; what came before the error is in `out` */
  read(fragments: readonly Buffer[], out: ModelChunk[]): void {
    this.#events.append(fragments);
    this.#drain(out);
  }

  /** After the last read. @throws UpstreamError 502 if the stream broke off */
  end(out: ModelChunk[]): void {
    if (!this.done) {
      this.#events.appendRest();
      this.#drain(out);
    }
    const last = this.#decoder.finished ? undefined : this.#events.last();
    if (last && !("type" in last)) {
      // A whole response that was labelled as a stream.
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
