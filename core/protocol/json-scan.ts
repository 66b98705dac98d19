export interface JsonLimits {
  /** Most levels of nesting. */
  jsonDepth: number;
  /** Most objects, arrays, strings, numbers and so on, counted at every level; keys do not count. */
  jsonValues: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** The first bytes of a string are read one by one; the rest of a longer one is skipped by the faster `indexOf`. */
const SHORT = 32;

/**
 * Counts the values of a JSON text, or names the limit that it exceeds. Reads the bytes in one pass, since parsing would
 * create every value first. If the text is not valid JSON, the part before the mistake counts.
 */
export function scanJson(bytes: Buffer, limits: JsonLimits): number | keyof JsonLimits {
  const { jsonDepth, jsonValues } = limits;
  const { length } = bytes;
  // The text itself is one value. An array or object that is not empty holds one more than it has commas.
  let values = 1;
  let depth = 0;
  let isEmpty = false;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] as number;
    if (byte <= SPACE) continue;
    if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      if (++depth > jsonDepth) return "jsonDepth";
      if (++values > jsonValues + 1) return "jsonValues";
      isEmpty = true;
      continue;
    }
    if (byte === QUOTE) i = endOfString(bytes, i + 1);
    else if (byte === COMMA) {
      if (++values > jsonValues) return "jsonValues";
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      depth--;
      if (isEmpty) values--;
    }
    isEmpty = false;
  }
  return values > jsonValues ? "jsonValues" : values;
}

/** Whether a text is long enough to exceed the limit: each value takes a byte, and another to separate it. */
export function mayHoldTooMany(bytes: Buffer, { jsonValues }: JsonLimits): boolean {
  return bytes.length > 2 * jsonValues;
}

/** Limits of JSON inside the strings of one request: the same as the defaults for the request itself. */
const IN_STRINGS: JsonLimits = { jsonDepth: 100, jsonValues: 200_000 };

/**
 * How much JSON inside strings (arguments and outputs of calls) may still be parsed. The limits of the request do not
 * cover it, since each string counts as one value.
 */
export class JsonBudget {
  #values = IN_STRINGS.jsonValues;
  /** Texts of up to this many characters cannot exceed the limit and need no scan. */
  #characters = 2 * IN_STRINGS.jsonValues;

  /** Whether this text may be parsed too. Counts it. */
  takes(text: string): boolean {
    if (text.length <= this.#characters) {
      this.#characters -= text.length;
      return true;
    }
    const values = scanJson(Buffer.from(text), { ...IN_STRINGS, jsonValues: this.#values });
    if (typeof values === "string") return false;
    this.#values -= values;
    return true;
  }
}

/** Whether a parsed value is nested deeper than `levels`: for texts too short to be worth a scan. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (isDeeperThan(value[i], levels - 1)) return true;
    return false;
  }
  for (const key in value) if (isDeeperThan((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}

/** Where the string ends whose first byte is at `start`. */
function endOfString(bytes: Buffer, start: number): number {
  let i = start;
  for (;;) {
    for (const end = Math.min(i + SHORT, bytes.length); i < end; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) return i;
      if (byte === BACKSLASH) i++;
    }
    if (i >= bytes.length) return i;
    // A quote after an odd number of backslashes is escaped.
    const quote = bytes.indexOf(QUOTE, i);
    if (quote < 0) return bytes.length;
    let slash = quote;
    while (slash > i && bytes[slash - 1] === BACKSLASH) slash--;
    if ((quote - slash) % 2 === 0) return quote;
    i = quote + 1;
  }
}
