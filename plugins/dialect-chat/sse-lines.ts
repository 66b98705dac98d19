import { UpstreamError } from "../../core/index.ts";

export interface SseLines {
  /** Everything that was read but not yet taken. Its only line end is `\n`. */
  readonly text: string;
  /** Where in `text` the next line begins. A reader that has taken it may move the position on. */
  position: number;
  /** Whether `position` is the beginning of an event. */
  readonly atEvent: boolean;
  /** Lines before the first event that are not fields of an event stream. */
  readonly foreign: string;
  /** The name of the last event, if it has one. */
  readonly name: string | undefined;
  /** Whether the last event has this name, or any name. Cheaper than `name`, since it runs for every event. */
  isNamed(name?: string): boolean;
  /** @throws UpstreamError 502 if an event is longer than allowed */
  append(text: string): void;
  /** The data of the next event; `undefined` if it is not complete yet. */
  next(): string | undefined;
  /** Like `next`, but for use after the last read: the event need not end. */
  last(): string | undefined;
}

/** `maxEventBytes`: the longest event. It is counted in UTF-16 units after decoding, which equals bytes for ASCII. */
export function createSseLines(options: { maxEventBytes: number }): SseLines {
  return new Lines(options.maxEventBytes);
}

const FIELD = /^(?:id|retry|event|data)?(?::|$)/;

/** Server-sent events, in the WHATWG format. `id:`, `retry:` and comments are skipped. */
class Lines implements SseLines {
  text = "";
  position = 0;
  foreign = "";
  readonly #max: number;
  /** The reads since the last line end. They are joined at the next one, so that long lines are not copied per read. */
  #parts: string[] = [];
  #partsLength = 0;
  /** Whether the last read ended in CR. A following LF belongs to it. */
  #afterCr = false;
  /** The data lines of the event so far. */
  #data: string | undefined;
  /** The position of the event's name in `text`; the name itself is mostly not needed. */
  #nameStart = 0;
  #nameEnd = 0;
  /** The name, copied before `text` is replaced. */
  #name: string | undefined;
  /** Whether an event was returned. The next one starts without a name. */
  #given = false;
  #seen = false;

  constructor(max: number) {
    this.#max = max;
  }

  get atEvent(): boolean {
    return this.#data === undefined && (this.#given || (this.#nameEnd === 0 && this.#name === undefined));
  }

  get name(): string | undefined {
    return this.isNamed() ? (this.#name ?? this.text.slice(this.#nameStart, this.#nameEnd)) : undefined;
  }

  isNamed(name?: string): boolean {
    if (name === undefined) return this.#nameEnd > this.#nameStart || this.#name !== undefined;
    if (this.#name !== undefined) return this.#name === name;
    return this.#nameEnd - this.#nameStart === name.length && this.text.startsWith(name, this.#nameStart);
  }

  append(read: string): void {
    let text = read;
    if (this.#afterCr && text !== "") {
      if (text.startsWith("\n")) text = text.slice(1);
      this.#afterCr = false;
    }
    if (text.includes("\r")) {
      this.#afterCr = text.endsWith("\r");
      text = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
    }
    if (this.position > 0 || this.text !== "") {
      if (this.#given) this.#forgetName();
      else if (this.#nameEnd > 0) this.#keepName();
      const rest = this.text.slice(this.position);
      this.text = "";
      this.position = 0;
      if (rest !== "") this.#hold(rest);
    }
    if (this.#partsLength === 0) {
      this.text = text;
      return;
    }
    this.#hold(text);
    if (!text.includes("\n")) return;
    this.text = this.#parts.join("");
    this.#parts = [];
    this.#partsLength = 0;
  }

  next(): string | undefined {
    if (this.#given) this.#forgetName();
    for (;;) {
      const end = this.text.indexOf("\n", this.position);
      if (end === -1) {
        if (this.text.length - this.position > this.#max) this.#tooLong();
        return undefined;
      }
      const start = this.position;
      this.position = end + 1;
      if (start === end) {
        const data = this.#data;
        this.#data = undefined;
        if (data !== undefined) {
          this.#given = true;
          this.#seen = true;
          return data;
        }
        this.#forgetName();
      } else this.#line(start, end);
    }
  }

  last(): string | undefined {
    this.append("\n\n");
    return this.next();
  }

  #hold(text: string): void {
    this.#parts.push(text);
    this.#partsLength += text.length;
    if (this.#partsLength + (this.#data?.length ?? 0) > this.#max) this.#tooLong();
  }

  #line(start: number, end: number): void {
    if (this.text.startsWith("event:", start)) {
      this.#nameStart = this.text.charCodeAt(start + 6) === 32 ? start + 7 : start + 6;
      this.#nameEnd = end;
      this.#name = undefined;
      return;
    }
    if (!this.text.startsWith("data", start)) {
      this.#other(start, end);
      return;
    }
    let from = start + 4;
    if (from < end) {
      if (this.text.charCodeAt(from) !== 58 /* : */) {
        this.#other(start, end);
        return;
      }
      from += 1;
      if (this.text.charCodeAt(from) === 32 && from < end) from += 1;
    }
    const line = this.text.slice(from, end);
    this.#data = this.#data === undefined ? line : `${this.#data}\n${line}`;
    if (this.#data.length > this.#max) this.#tooLong();
  }

  /** Keeps lines that are not from an event stream, to tell a server that sends something else from a silent one. */
  #other(start: number, end: number): void {
    if (this.#seen) return;
    const line = this.text.slice(start, end);
    if (FIELD.test(line)) return;
    this.foreign += `${line}\n`;
    if (this.foreign.length > this.#max) this.#tooLong();
  }

  #keepName(): void {
    this.#name = this.text.slice(this.#nameStart, this.#nameEnd);
    this.#nameStart = 0;
    this.#nameEnd = 0;
  }

  #forgetName(): void {
    this.#given = false;
    this.#nameStart = 0;
    this.#nameEnd = 0;
    this.#name = undefined;
  }

  #tooLong(): never {
    throw new UpstreamError(502, `the model server sent an event of more than ${this.#max} bytes`);
  }
}

/** Whether the last event of a stream is complete. A cut event is not read, and never quoted. */
export function isWholePayload(text: string): boolean {
  if (text === "[DONE]") return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
