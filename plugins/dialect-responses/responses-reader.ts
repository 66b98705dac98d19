import { type ModelChunk, UpstreamError } from "../../core/index.ts";
import {
  createSseLines,
  cutSecrets,
  isWholePayload,
  type SseLines,
  Utf8Reads,
} from "../dialect-chat/index.ts";
import { ResponsesDecoder } from "./responses-decoder.ts";
import type { ServerEvent } from "./wire-event.ts";

export interface ResponsesReaderOptions {
  /** Longest event, bytes. */
  maxEventBytes: number;
  /** Cut out of errors that the server reports in the stream. */
  secrets: readonly string[];
}

/** From the bytes of a streamed answer to model chunks. */
export class ResponsesReader {
  /** `[DONE]` has come. */
  #saidDone = false;
  #started = false;
  readonly #bytes = new Utf8Reads();
  readonly #lines: SseLines;
  readonly #decoder: ResponsesDecoder;
  readonly #secrets: readonly string[];

  constructor(options: ResponsesReaderOptions) {
    this.#lines = createSseLines(options);
    this.#secrets = options.secrets;
    this.#decoder = new ResponsesDecoder(options.secrets);
  }

  /** Nothing that matters follows the terminal event. */
  get done(): boolean {
    return this.#saidDone || this.#decoder.finished;
  }

  get finished(): boolean {
    return this.#decoder.finished;
  }

  /** All that one read brought. @throws UpstreamError; what came before the error is in `out` */
  read(fragments: readonly Buffer[], out: ModelChunk[]): void {
    this.#lines.append(this.#bytes.decode(fragments));
    this.#drain(out);
  }

  /** After the last read. @throws UpstreamError 502 if the stream broke off */
  end(out: ModelChunk[]): void {
    if (!this.done) {
      const rest = this.#bytes.end();
      if (rest !== "") this.#lines.append(rest);
      this.#drain(out);
      const last = this.#lines.last();
      if (last !== undefined && isWholePayload(last)) this.#payload(last, out);
    }
    if (!this.#started) throw new UpstreamError(502, "the model server answered with an empty stream");
    this.#decoder.end(out);
  }

  #drain(out: ModelChunk[]): void {
    while (!this.done) {
      const payload = this.#lines.next();
      if (payload === undefined) return;
      this.#payload(payload, out);
    }
  }

  #payload(payload: string, out: ModelChunk[]): void {
    if (payload === "") return;
    this.#started = true;
    if (payload === "[DONE]") this.#saidDone = true;
    else this.#decoder.push(this.#parse(payload), out);
  }

  #parse(payload: string): ServerEvent {
    try {
      const value: unknown = JSON.parse(payload);
      if (typeof value === "object" && value !== null) return value as ServerEvent;
    } catch {}
    const shown = cutSecrets(payload.slice(0, 4_000), this.#secrets).slice(0, 200);
    throw new UpstreamError(502, `the model server sent an event that is no JSON object: ${shown}`);
  }
}
