import type { ServerResponse } from "node:http";
import type { EventBatch } from "../protocol/events.ts";
import type { EventSink, ResponseHead } from "../response/sink.ts";
import { headersOf } from "./headers.ts";
import { encodingOf } from "./send.ts";
import { type EncoderOptions, encodeBatch, escapeSeparators } from "./sse-encoder.ts";

const TERMINAL = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** Sends events as server-sent events. One write per batch; `[DONE]` goes with the terminal event. */
export class SseSink implements EventSink {
  readonly live = true;
  readonly #res: ServerResponse;
  readonly #options: EncoderOptions;
  readonly #bufferBytes: number;
  #chunked = false;

  /** `bufferBytes`: with more unsent bytes, the upstream is not read. */
  constructor(res: ServerResponse, options: EncoderOptions, bufferBytes: number) {
    this.#res = res;
    this.#options = options;
    this.#bufferBytes = bufferBytes;
  }

  open(head: ResponseHead): void {
    this.#res.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      ...headersOf(head),
    });
    // Node would hand the socket each write in four pieces. HTTP/1.0 clients get no chunks at all.
    this.#chunked = this.#res.chunkedEncoding;
    this.#res.chunkedEncoding = false;
  }

  emit(batch: EventBatch): void {
    // A write after the end would cause an error event that cannot be caught here.
    if (this.#res.destroyed || this.#res.writableEnded) return;
    const text = encodeBatch(batch, this.#options);
    if (!TERMINAL.has(batch.events.at(-1)?.type ?? "")) this.#res.write(...this.#framed(text));
    else this.#res.end(...this.#framed(`${text}data: [DONE]\n\n`, "0\r\n\r\n"));
  }

  /** The text as one HTTP chunk (RFC 9112, 7.1) for the socket, with the end of the body if it is the last. */
  #framed(encoded: string, last = ""): [string, BufferEncoding] {
    let text = encoded;
    let bytes = Buffer.byteLength(text);
    if (bytes !== text.length) {
      text = escapeSeparators(text);
      if (text !== encoded) bytes = Buffer.byteLength(text);
    }
    const encoding = encodingOf(text, bytes);
    return [this.#chunked ? `${bytes.toString(16)}\r\n${text}\r\n${last}` : text, encoding];
  }

  ready(): Promise<void> | undefined {
    const res = this.#res;
    // If Node does not need a drain, there will be no "drain" event: its own buffer is larger than this limit.
    if (res.writableLength <= this.#bufferBytes || !res.writableNeedDrain) return undefined;
    return new Promise((resolve) => {
      const done = () => {
        res.off("drain", done);
        res.off("close", done);
        resolve();
      };
      res.on("drain", done);
      res.on("close", done);
    });
  }
}
