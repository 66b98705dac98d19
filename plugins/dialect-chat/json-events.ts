import { UpstreamError } from "../../core/index.ts";
import { cutSecrets } from "./chat-error.ts";
import { createSseLines, isWholePayload, type SseLines } from "./sse-lines.ts";
import { Utf8Reads } from "./utf8-reads.ts";

export interface JsonEventsOptions {
  /** Longest event, bytes. */
  maxEventBytes: number;
  /** Cut out of errors that the server reports in the stream. */
  secrets?: readonly string[];
}

/** A stream of events whose data are JSON objects, up to `[DONE]`: from bytes in any pieces to objects. */
export class JsonEvents {
  /** `[DONE]` has come: what follows is of no interest. */
  done = false;
  /** Of the object that came last, as text. */
  payload = "";
  /** For readers that know what stands next. */
  readonly lines: SseLines;
  /** Whether anything but comments has come. */
  #started = false;
  readonly #bytes = new Utf8Reads();
  readonly #secrets: readonly string[];

  constructor(options: JsonEventsOptions) {
    this.lines = createSseLines(options);
    this.#secrets = options.secrets ?? [];
  }

  /** All that one read brought. */
  append(fragments: readonly Buffer[]): void {
    this.lines.append(this.#bytes.decode(fragments));
  }

  /** What a stream that ends within a character leaves. */
  appendRest(): void {
    const rest = this.#bytes.end();
    if (rest !== "") this.lines.append(rest);
  }

  /** `undefined` when the next event is not complete yet, or after `[DONE]`. @throws UpstreamError 502 */
  next(): object | undefined {
    while (!this.done) {
      const payload = this.lines.next();
      if (payload === undefined) return undefined;
      const value = this.#read(payload);
      if (value) return value;
    }
    return undefined;
  }

  /**
   * After the last read: an event without the empty line after it, of a careless server. One that was cut is none.
   * @throws UpstreamError 502 when nothing has come at all
   */
  last(): object | undefined {
    const payload = this.done ? undefined : this.lines.last();
    const value = payload !== undefined && isWholePayload(payload) ? this.#read(payload) : undefined;
    if (!this.#started) throw new UpstreamError(502, "the model server answered with an empty stream");
    return value;
  }

  #read(payload: string): object | undefined {
    if (payload === "") return undefined;
    this.#started = true;
    if (payload === "[DONE]") {
      this.done = true;
      return undefined;
    }
    this.payload = payload;
    return this.#parse(payload);
  }

  #parse(payload: string): object {
    try {
      const value: unknown = JSON.parse(payload);
      if (typeof value === "object" && value !== null) return value;
    } catch {}
    // What it says is for the log: it may hold words that no guardrail has seen.
    const shown = cutSecrets(payload.slice(0, 4_000), this.#secrets).slice(0, 200);
    throw new UpstreamError(502, "the model server sent an event that is no JSON object", {
      cause: new Error(`it is: ${shown}`),
    });
  }
}
