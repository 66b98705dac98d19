import { UpstreamError } from "../../core/index.ts";
import { cutSecrets, toErrorInStream } from "./chat-error.ts";
import { parseJson } from "./parse-json.ts";
import { createSseLines, isWholePayload, type SseLines } from "./sse-lines.ts";
import { Utf8Reads } from "./utf8-reads.ts";

export interface JsonEventsOptions {
  /** Most bytes of one event. */
  maxEventBytes: number;
  /** Removed from errors that the server reports in the stream. */
  secrets?: readonly string[];
  /** The prefix of the dialect's event names; an event with another name is not one of the dialect's. */
  names?: string;
}

/** Turns bytes, in any pieces, into the JSON objects of an event stream, up to `[DONE]`. */
export class JsonEvents {
  /** Whether `[DONE]` has come. What follows is ignored. */
  done = false;
  /** The text of the last object. */
  payload = "";
  /** The lines, for readers that can tell what comes next. */
  readonly lines: SseLines;
  /** Whether an object has arrived. */
  #started = false;
  readonly #bytes = new Utf8Reads();
  readonly #secrets: readonly string[];
  readonly #names: string | undefined;
  /** Whether the events of this stream have names. */
  #named = false;

  constructor(options: JsonEventsOptions) {
    this.lines = createSseLines(options);
    this.#secrets = options.secrets ?? [];
    this.#names = options.names;
  }

  /** Takes everything that one read brought. */
  append(fragments: readonly Buffer[]): void {
    this.lines.append(this.#bytes.decode(fragments));
  }

  /** Call at the end: adds the rest of a stream that ends within a character. */
  appendRest(): void {
    const rest = this.#bytes.end();
    if (rest !== "") this.lines.append(rest);
  }

  /** The next object; `undefined` if its event is not complete yet, or after `[DONE]`. @throws UpstreamError 502 */
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
   * Call after the last read. Reads a complete last event without the empty line after it, or the JSON that a server
   * has sent instead of events.
   * @throws UpstreamError 502 if nothing has come at all
   */
  last(): object | undefined {
    const payload = this.done ? undefined : this.lines.last();
    const value = payload !== undefined && isWholePayload(payload) ? this.#read(payload) : undefined;
    return value ?? (this.#started ? undefined : this.#inPlaceOfEvents());
  }

  #inPlaceOfEvents(): object {
    const { foreign } = this.lines;
    if (foreign === "") throw new UpstreamError(502, "the model server answered with an empty stream");
    const value = parse(foreign);
    if (value) return value;
    throw new UpstreamError(502, "the model server's stream holds no event", {
      cause: this.#quoted(foreign),
    });
  }

  #read(payload: string): object | undefined {
    if (payload === "") return undefined;
    if (payload === "[DONE]") {
      this.done = true;
      return undefined;
    }
    const value = parse(payload);
    if (this.lines.isNamed("error")) {
      const error: unknown = value && "error" in value ? value.error : (value ?? payload);
      throw toErrorInStream(error, this.#secrets);
    }
    if (value) {
      this.#started = true;
      if (this.lines.isNamed()) this.#named = true;
      this.payload = payload;
      return value;
    }
    if (this.#isForeign()) return undefined;
    throw new UpstreamError(502, "the model server sent an event that is not a JSON object", {
      cause: this.#quoted(payload),
    });
  }

  /** Whether the event is a keep-alive or another event of the server's own. */
  #isForeign(): boolean {
    const { name } = this.lines;
    if (name === undefined || name === "message") return false;
    return this.#names === undefined ? !this.#named : !name.startsWith(this.#names);
  }

  /** For the log only: it may hold text that no guardrail has checked. */
  #quoted(text: string): Error {
    return new Error(`it is: ${cutSecrets(text.slice(0, 4_000), this.#secrets).slice(0, 200)}`);
  }
}

/** The object in a JSON text, also from an array, as Google's servers wrap it. `undefined` for anything else. */
function parse(text: string): object | undefined {
  try {
    const value = parseJson(text);
    const object: unknown = Array.isArray(value) ? value[0] : value;
    return typeof object === "object" && object !== null ? object : undefined;
  } catch {
    return undefined;
  }
}
