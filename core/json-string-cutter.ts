/** Cuts one string out of JSON text while it streams. */
export interface JsonStringCutter {
  /** The characters of the string that this piece of JSON text has brought, decoded. */
  push(delta: string): string;
  /** All that was cut so far. */
  readonly value: string;
  /** The string is closed: nothing more will come. */
  readonly done: boolean;
}

/**
 * A cutter for the string under `key` of the JSON text's top-level object. Gives nothing when the key is absent
 * or holds no string; keys of nested objects do not count, and of equal keys the first does. Reads every
 * character once. JSON that is broken gives what could be read.
 */
export function createJsonStringCutter(key: string): JsonStringCutter {
  return new Cutter(key);
}

/** What a string that is being read is: a key of the top level, the value that is wanted, or neither. */
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
  /** The last key of the top level is the wanted one, and its value has not begun. */
  #atWanted = false;
  /** No value can come any more. */
  #over = false;
  #role: Role | undefined;
  #escape = "";
  #read = "";
  /** The first half of a surrogate pair whose second has not come. */
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

  /** Takes decoded characters; gives those that are to be shown now. */
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

/** Where the next quote or backslash stands, or the text ends. */
function endOfRun(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== QUOTE && text.charCodeAt(at) !== BACKSLASH) at++;
  return at;
}
