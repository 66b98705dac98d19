import { type ModelChunk, UpstreamError } from "../../core/index.ts";
import { type ChatDecoder, createChatDecoder } from "./chat-decoder.ts";
import { cutSecrets } from "./chat-error.ts";
import type { ChatChunk } from "./chat-types.ts";
import { DeltaFrame } from "./delta-frame.ts";
import type { ChatQuirks } from "./quirks.ts";
import { createSseLines, isWholePayload, type SseLines } from "./sse-lines.ts";
import { Utf8Reads } from "./utf8-reads.ts";

export interface ChatReaderOptions {
  /** Longest event, bytes. */
  maxEventBytes: number;
  /** Cut out of errors that the server reports in the stream. */
  secrets?: readonly string[];
}

/** From the bytes of a streamed answer to model chunks. */
export class ChatReader {
  /** `[DONE]` has come: what follows is of no interest. */
  done = false;
  /** Whether anything but comments has come. */
  #started = false;
  readonly #bytes = new Utf8Reads();
  readonly #lines: SseLines;
  readonly #decoder: ChatDecoder;
  readonly #frame = new DeltaFrame();
  readonly #secrets: readonly string[];

  constructor(quirks: ChatQuirks, options: ChatReaderOptions) {
    this.#lines = createSseLines(options);
    this.#secrets = options.secrets ?? [];
    this.#decoder = createChatDecoder(quirks, this.#secrets);
  }

  /** Whether the answer is whole, though its stream may bring usage yet. */
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
    const rest = this.#bytes.end();
    if (rest !== "") this.#lines.append(rest);
    this.#drain(out);
    const last = this.#lines.last();
    // An event without the empty line after it: the last of a careless server, or where the stream was cut.
    if (last !== undefined && !this.done && isWholePayload(last)) this.#payload(last, out);
    if (!this.#started) throw new UpstreamError(502, "the model server answered with an empty stream");
    this.#decoder.end(this.done, out);
  }

  #drain(out: ModelChunk[]): void {
    const lines = this.#lines;
    const frame = this.#frame;
    while (!this.done) {
      if (frame.known && lines.atEvent) {
        const text = frame.match(lines);
        if (text !== undefined) {
          this.#decoder.repeat(text, out);
          continue;
        }
      }
      const payload = lines.next();
      if (payload === undefined) return;
      this.#payload(payload, out);
    }
  }

  #payload(payload: string, out: ModelChunk[]): void {
    if (payload === "") return;
    this.#started = true;
    if (payload === "[DONE]") {
      this.done = true;
      return;
    }
    this.#decoder.push(this.#parse(payload), out);
    this.#frame.learn(payload, this.#decoder.plain);
  }

  #parse(payload: string): ChatChunk {
    try {
      const value: unknown = JSON.parse(payload);
      if (typeof value === "object" && value !== null) return value as ChatChunk;
    } catch {}
    const shown = cutSecrets(payload.slice(0, 4_000), this.#secrets).slice(0, 200);
    throw new UpstreamError(502, `the model server sent an event that is no JSON object: ${shown}`);
  }
}
