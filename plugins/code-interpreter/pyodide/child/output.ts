import type { ChildMessage } from "../messages.ts";
import { MAX_IMAGE_BYTES } from "./limits.ts";

type Stream = Extract<ChildMessage, { type: "text" }>["stream"];
type MediaType = Extract<ChildMessage, { type: "image" }>["mediaType"];
interface Piece {
  stream: Stream;
  text: string;
}

/** Characters that are sent at once rather than kept for company. */
const BATCH_CHARACTERS = 8 * 1024;
/** Milliseconds that text may wait for company. */
const BATCH_MS = 20;
/** Bytes that are decoded in one go, so that a huge print costs no memory here. */
const DECODE_BYTES = 64 * 1024;
/** Characters up to which pieces of the end are put together. */
const PIECE_CHARACTERS = 4 * 1024;

/** Sends what Python prints: the first half of the limit live, of the rest the last half, at the end. */
export class Output {
  readonly #send: (message: ChildMessage) => void;
  readonly #now: () => number;
  #decoders = new Map<Stream, InstanceType<typeof TextDecoder>>();
  #half = 0;
  #left = 0;
  #waiting: Piece | undefined;
  #sentAt = 0;
  /** Since when `#waiting` has been there. */
  #since = 0;
  #tail: Piece[] = [];
  #tailCharacters = 0;
  #cut = 0;
  #imageBytes = 0;

  constructor(send: (message: ChildMessage) => void, now: () => number) {
    this.#send = send;
    this.#now = now;
  }

  start(logCharacters: number): void {
    this.#half = Math.ceil(logCharacters / 2);
    this.#left = this.#half;
    this.#tail = [];
    this.#tailCharacters = 0;
    this.#cut = 0;
    this.#imageBytes = 0;
    this.#decoders.clear();
  }

  /** What arrives in any pieces; bytes that are no UTF-8 become U+FFFD. */
  write(stream: Stream, bytes: Uint8Array): void {
    const decoder = this.#decoders.get(stream) ?? new TextDecoder();
    this.#decoders.set(stream, decoder);
    for (let at = 0; at < bytes.length; at += DECODE_BYTES)
      this.#add(stream, decoder.decode(bytes.subarray(at, at + DECODE_BYTES), { stream: true }));
  }

  /** At once, even when text before it is held back. */
  image(mediaType: MediaType, bytes: Uint8Array): void {
    this.flush();
    if (this.#imageBytes + bytes.length > MAX_IMAGE_BYTES) {
      this.write("stderr", Buffer.from(`[${mediaType} of ${bytes.length} bytes left out: too large]\n`));
      return;
    }
    this.#imageBytes += bytes.length;
    this.#send({ type: "image", mediaType, base64: Buffer.from(bytes).toString("base64") });
  }

  /** Sends what waits: whole lines if nothing was sent lately, the beginning of one once it has waited itself. */
  tick(): void {
    if (!this.#waiting) return;
    const since = this.#waiting.text.endsWith("\n") ? this.#sentAt : this.#since;
    if (this.#now() - since >= BATCH_MS) this.flush();
  }

  /** Sends what waits. */
  flush(): void {
    if (!this.#waiting) return;
    this.#send({ type: "text", ...this.#waiting });
    this.#waiting = undefined;
    this.#sentAt = this.#now();
  }

  /** Sends the rest: what waits, how much is missing, and the end. */
  finish(): void {
    for (const [stream, decoder] of this.#decoders) this.#add(stream, decoder.decode());
    this.flush();
    const over = this.#tailCharacters - this.#half;
    const [first] = this.#tail;
    if (first && over > 0) {
      const cut = splitsPair(first.text, over) ? over + 1 : over;
      this.#cut += cut;
      first.text = first.text.slice(cut);
    }
    if (this.#cut > 0) this.#send({ type: "cut", count: this.#cut });
    for (const piece of this.#tail) if (piece.text) this.#send({ type: "text", ...piece });
    this.start(0);
  }

  #add(stream: Stream, text: string): void {
    if (!text) return;
    const room = Math.min(this.#left, text.length);
    const live = room < text.length && splitsPair(text, room) ? room - 1 : room;
    if (live > 0) this.#wait(stream, text.slice(0, live));
    // Once something was held back, nothing overtakes it.
    this.#left = live < text.length ? 0 : this.#left - live;
    if (live < text.length) this.#keep(stream, text.slice(live));
  }

  #wait(stream: Stream, text: string): void {
    if (this.#waiting?.stream !== stream) this.flush();
    if (this.#waiting) this.#waiting.text += text;
    else {
      this.#waiting = { stream, text };
      this.#since = this.#now();
    }
    if (this.#waiting.text.length >= BATCH_CHARACTERS) this.flush();
    // The rest of a line is waited for: print writes its line feed apart.
    else if (text.endsWith("\n")) this.tick();
  }

  #keep(stream: Stream, text: string): void {
    const last = this.#tail.at(-1);
    if (last?.stream === stream && last.text.length < PIECE_CHARACTERS) last.text += text;
    else this.#tail.push({ stream, text });
    this.#tailCharacters += text.length;
    for (let first = this.#tail[0]; first; first = this.#tail[0]) {
      if (this.#tailCharacters - first.text.length < this.#half) return;
      this.#tail.shift();
      this.#tailCharacters -= first.text.length;
      this.#cut += first.text.length;
    }
  }
}

/** Whether the first `length` characters end in the middle of a surrogate pair. */
function splitsPair(text: string, length: number): boolean {
  const code = text.charCodeAt(length - 1);
  return code >= 0xd800 && code < 0xdc00;
}
