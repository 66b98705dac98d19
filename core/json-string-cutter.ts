/** Cuts one string out of JSON text while it streams. */
export interface JsonStringCutter {
  /** Takes a piece of JSON text. Returns the characters of the string in it, decoded. */
  push(delta: string): string;
  /** The string so far. */
  readonly value: string;
  /** Whether the string has ended. */
  readonly done: boolean;
}

/**
 * A cutter for the string under `key` in the top-level object of a JSON text. Returns nothing if the key is absent or
 * its value is not a string. Keys of nested objects do not count. If a key occurs twice, the first counts. Reads
 * every character once. From broken JSON it returns what could be read.
 */
export function createJsonStringCutter(key: string): JsonStringCutter {
  return new Cutter(key);
}

/** What the current string is: a key of the top level, the wanted value, or another string. */
type Role = "key" | "wanted" | "other";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

class Cutter implements JsonStringCutter {
  value = "";
  done = false;
  readonly #key: string;
  #depth = 0;
  #expectsKey = false;
  /** Whether the last top-level key is the wanted one and its value has not begun. */
  #atWanted = false;
  /** Whether the value can no longer come. */
  #over = false;
  #role: Role | undefined;
  #escape = "";
  #read = "";
  /** The first half of a surrogate pair, while its second half has not come. */
  #high = "";

  constructor(key: string) {
    this.#key = key;
  }

  push(delta: string): string {
    let cut = "";
    for (let at = 0; at < delta.length && !this.#over; ) {
      if (this.#role === undefined) this.#structure(delta[at++] as string);
      else if (this.#escape !== "") cut += this.#emit(this.#unescape(delta[at++] as string));
      else {
        const end = endOfRun(delta, at);
        if (end > at) cut += this.#emit(delta.slice(at, end));
        if (end < delta.length) {
          if (delta.charCodeAt(end) === BACKSLASH) this.#escape = "\\";
          else cut += this.#closeString();
        }
        at = end + 1;
      }
    }
    this.value += cut;
    return cut;
  }

  #structure(char: string): void {
    if (char === " " || char === "\n" || char === "\r" || char === "\t") return;
    if (this.#depth === 0 && char !== "{") this.#over = true;
    else if (char === '"') this.#openString();
    else if (char === ":") {
      this.#atWanted = this.#depth === 1 && this.#read === this.#key;
      if (this.#depth === 1) this.#expectsKey = false;
    } else if (this.#atWanted) this.#over = true;
    else if (char === "{" || char === "[") this.#expectsKey = ++this.#depth === 1;
    else if (char === "}" || char === "]") this.#over = --this.#depth === 0;
    else if (char === ",") this.#expectsKey = this.#depth === 1;
  }

  #openString(): void {
    this.#role = this.#atWanted ? "wanted" : this.#expectsKey && this.#depth === 1 ? "key" : "other";
    if (this.#role === "key") this.#read = "";
  }

  #closeString(): string {
    const rest = this.#role === "wanted" ? this.#high : "";
    if (this.#role === "wanted") this.done = this.#over = true;
    this.#role = undefined;
    return rest;
  }

  /** Takes decoded characters and returns those that can be shown now. */
  #emit(text: string): string {
    if (this.#role === "key") this.#read += text;
    if (this.#role !== "wanted" || text === "") return "";
    const whole = this.#high + text;
    const isOpen = (whole.charCodeAt(whole.length - 1) & 0xfc00) === 0xd800;
    this.#high = isOpen ? whole.slice(-1) : "";
    return isOpen ? whole.slice(0, -1) : whole;
  }

  #unescape(char: string): string {
    const sequence = this.#escape + char;
    const isUnicode = sequence[1] === "u";
    const isWhole = !isUnicode || sequence.length === 6;
    this.#escape = isWhole ? "" : sequence;
    if (!isWhole) return "";
    return isUnicode ? String.fromCharCode(Number.parseInt(sequence.slice(2), 16)) : (ESCAPES[char] ?? char);
  }
}

/** The position of the next quote or backslash, or the end of the text. */
function endOfRun(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== QUOTE && text.charCodeAt(at) !== BACKSLASH) at++;
  return at;
}
