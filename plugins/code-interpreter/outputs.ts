import type { wire } from "../../core/index.ts";
import type { Limits } from "./options.ts";
import type { OutputSink } from "./runtime.ts";

/** An entry of an item's `outputs`. */
export type CodeOutput = wire.CodeInterpreterOutputLogs | wire.CodeInterpreterOutputImage;

type OutputLimits = Pick<Limits, "logCharacters" | "images" | "imageBytes">;
type Image = Parameters<OutputSink["image"]>;
type Piece = string | { url: string };

/**
 * Keeps what an execution prints and shows, in order: of the text the first and the last half of what the limit
 * allows, with a note between them that says how much is missing.
 */
export class OutputCollector implements OutputSink {
  readonly #limits: OutputLimits;
  readonly #half: number;
  readonly #head: Piece[] = [];
  #headCharacters = 0;
  /** The last part of the text; present once the first part is full. */
  #tail: Piece[] | undefined;
  #tailCharacters = 0;
  #cut = 0;
  #images = 0;
  #imageBytes = 0;
  #lastStream = "";
  #atLineStart = true;

  constructor(limits: OutputLimits) {
    this.#limits = limits;
    this.#half = Math.ceil(limits.logCharacters / 2);
  }

  text(stream: Parameters<OutputSink["text"]>[0] | "note", text: string): void {
    if (text === "") return;
    const isBlock = stream !== "stdout" && stream !== "stderr";
    const wasBlock = this.#lastStream !== "stdout" && this.#lastStream !== "stderr";
    // A value or a traceback begins on a new line, and so does the text after it.
    if (stream !== this.#lastStream && (isBlock || wasBlock) && !this.#atLineStart) this.#add("\n");
    this.#lastStream = stream;
    this.#atLineStart = text.endsWith("\n");
    this.#add(text);
  }

  /** Adds a sentence from the gateway. */
  note(text: string): void {
    this.text("note", `[${text}]\n`);
  }

  cut(count: number): void {
    this.#cut += count;
    this.#tail ??= [];
  }

  image(...[mediaType, base64]: Image): void {
    const { images, imageBytes } = this.#limits;
    const bytes = Math.floor((base64.length * 3) / 4);
    if (!isImage(mediaType, base64)) {
      // A model server would refuse it now and in all later turns.
      this.note(`the data shown as ${mediaType} is not such an image`);
    } else if (this.#images >= images) {
      this.note(`an image was left out: the limit is ${images}`);
    } else if (this.#imageBytes + bytes > imageBytes) {
      this.note(`an image of ${bytes} bytes was left out: the limit for all is ${imageBytes}`);
    } else {
      this.#images += 1;
      this.#imageBytes += bytes;
      (this.#tail ?? this.#head).push({ url: `data:${mediaType};base64,${base64}` });
    }
  }

  outputs(): CodeOutput[] {
    this.#trimTail();
    const note = this.#cut > 0 ? [`\n[${this.#cut} characters were cut here]\n`] : [];
    const outputs: CodeOutput[] = [];
    let logs = "";
    const endLogs = () => {
      if (logs !== "") outputs.push({ type: "logs", logs: logs.toWellFormed() });
      logs = "";
    };
    for (const piece of [...this.#head, ...note, ...(this.#tail ?? [])]) {
      if (typeof piece === "string") logs += piece;
      else {
        endLogs();
        outputs.push({ type: "image", url: piece.url });
      }
    }
    endLogs();
    return outputs;
  }

  #add(text: string): void {
    let rest = text;
    if (!this.#tail) {
      const first = text.slice(0, this.#half - this.#headCharacters);
      this.#headCharacters += first.length;
      append(this.#head, first);
      rest = text.slice(first.length);
      if (rest === "") return;
      this.#tail = [];
    }
    append(this.#tail, rest);
    this.#tailCharacters += rest.length;
    // Not done for every fragment, since cutting makes a copy.
    if (this.#tailCharacters > 2 * this.#half) this.#trimTail();
  }

  #trimTail(): void {
    const tail = this.#tail ?? [];
    let excess = this.#tailCharacters - this.#half;
    for (const [i, piece] of tail.entries()) {
      if (excess <= 0) break;
      if (typeof piece !== "string") continue;
      const removed = Math.min(piece.length, excess);
      tail[i] = piece.slice(removed);
      excess -= removed;
      this.#cut += removed;
      this.#tailCharacters -= removed;
    }
  }
}

/** Whether the data begins like an image of this type. */
function isImage(mediaType: Image[0], base64: string): boolean {
  switch (mediaType) {
    case "image/png":
      return base64.startsWith("iVBORw0KGgo");
    case "image/jpeg":
      return base64.startsWith("/9j/");
    case "image/svg+xml":
      return /<svg[\s>]/i.test(Buffer.from(base64, "base64").toString());
  }
}

function append(pieces: Piece[], text: string): void {
  const last = pieces.at(-1);
  if (typeof last === "string") pieces[pieces.length - 1] = last + text;
  else pieces.push(text);
}
