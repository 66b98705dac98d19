import type { OutputSink } from "../runtime.ts";
import { asRecord, type Message } from "./messages.ts";

/** ECMA-48: what colours a traceback. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what they begin with
const COLOURS = /\u001b\[[\d;]*[A-Za-z]/g;

/** How a Jupyter server says that it has thrown outputs away. */
const RATE_NOTICE = /^IOPub (?:data|message) rate exceeded\./;
const DROPPED = "[The Jupyter server dropped output here: it came faster than the server lets through.]\n";

const IMAGES = ["image/png", "image/jpeg", "image/svg+xml"] as const;

export interface OutputWatch {
  /** More than the bound has come. Called once. */
  flooded(): void;
  /** The server's rate limit has thrown outputs away. */
  dropped(): void;
}

/** Passes on what the messages of one execution show. */
export class Outputs {
  readonly #sink: OutputSink;
  readonly #watch: OutputWatch;
  readonly #floodBytes: number;
  #seen = 0;

  constructor(sink: OutputSink, floodBytes: number, watch: OutputWatch) {
    this.#sink = sink;
    this.#floodBytes = floodBytes;
    this.#watch = watch;
  }

  take({ type, content }: Message): void {
    if (type === "stream") this.#stream(content);
    else if (type === "execute_result") this.#show("result", asRecord(content.data));
    // A display that is updated is one more display: what was shown cannot be taken back.
    else if (type === "display_data" || type === "update_display_data")
      this.#show("stdout", asRecord(content.data));
    else if (type === "error") this.#error(content);
  }

  #stream({ name, text }: Message["content"]): void {
    const given = joined(text);
    if (name === "stderr" && RATE_NOTICE.test(given)) {
      this.#watch.dropped();
      this.#text("stderr", DROPPED);
    } else this.#text(name === "stderr" ? "stderr" : "stdout", given);
  }

  /** Images if there are any, else text; a display ends its line, as in a terminal. */
  #show(stream: "stdout" | "result", data: Message["content"]): void {
    const type = IMAGES.find((type) => data[type] !== undefined);
    const image = type && toBase64(type, joined(data[type]));
    if (image) {
      this.#count(image.length);
      this.#sink.image(type, image);
      return;
    }
    const text = joined(data["text/plain"]);
    if (text !== "") this.#text(stream, stream === "stdout" ? `${text}\n` : text);
  }

  #error({ ename, evalue, traceback }: Message["content"]): void {
    const lines = Array.isArray(traceback) ? traceback.filter((line) => typeof line === "string") : [];
    const text = lines.length > 0 ? lines.join("\n") : `${joined(ename)}: ${joined(evalue)}`;
    this.#text("traceback", `${text.replaceAll(COLOURS, "").trimEnd()}\n`);
  }

  #text(stream: Parameters<OutputSink["text"]>[0], text: string): void {
    this.#count(text.length);
    this.#sink.text(stream, text);
  }

  #count(bytes: number): void {
    const before = this.#seen;
    this.#seen += bytes;
    if (before <= this.#floodBytes && this.#seen > this.#floodBytes) this.#watch.flooded();
  }
}

/** The text of a value: notebooks write long ones as arrays of lines. */
function joined(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.filter((line) => typeof line === "string").join("") : "";
}

/** `undefined` for what is no base64. SVG comes as text. */
function toBase64(type: (typeof IMAGES)[number], text: string): string | undefined {
  if (type === "image/svg+xml") return Buffer.from(text, "utf8").toString("base64");
  const base64 = text.replaceAll(/\s/g, "");
  return /^[A-Za-z\d+/]+={0,2}$/.test(base64) ? base64 : undefined;
}
