export interface JsonLimits {
  /** Levels of nesting. */
  jsonDepth: number;
  /** Objects, arrays, strings, numbers and so on, whatever is in what; keys are none. */
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

/** Bytes of a string that are looked at one by one; the rest of a longer one is skipped by the faster `indexOf`. */
const SHORT = 32;

/**
 * How many values a JSON text holds, or the limit that it is over, told from its bytes in one pass: parsing it would
 * make every value first. Of a text that is no JSON it tells of what comes before the mistake.
 */
export function scanJson(bytes: Buffer, limits: JsonLimits): number | keyof JsonLimits {
  const { jsonDepth, jsonValues } = limits;
  const { length } = bytes;
  // The text itself is one. In an array or object there is one more than there are commas, unless it is empty.
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

/** Whether a text can be over the limit of values at all: each takes a byte, and another to part it from the next. */
export function mayHoldTooMany(bytes: Buffer, { jsonValues }: JsonLimits): boolean {
  return bytes.length > 2 * jsonValues;
}

/** Values that JSON in strings may hold in one request, and its levels: as many as the request itself, unless told otherwise. */
const IN_STRINGS: JsonLimits = { jsonDepth: 100, jsonValues: 200_000 };

/**
 * What may still be parsed of JSON that stands in strings (arguments and outputs of calls): as one string it is one
 * value of the request, whatever it holds.
 */
export class JsonBudget {
  #values = IN_STRINGS.jsonValues;
  /** Characters that can hold no more values than may be: they need not be scanned. */
  #characters = 2 * IN_STRINGS.jsonValues;

  /** Whether this text may be parsed too. */
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

/** Whether a parsed value is nested deeper: for texts that hold too little for a scan to be worth its time. */
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

/** Where the string ends whose first byte stands at `start`. */
function endOfString(bytes: Buffer, start: number): number {
  let i = start;
  for (;;) {
    for (const end = Math.min(i + SHORT, bytes.length); i < end; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) return i;
      if (byte === BACKSLASH) i++;
    }
    if (i >= bytes.length) return i;
    // Only a quote behind an odd number of backslashes is one of the text itself.
    const quote = bytes.indexOf(QUOTE, i);
    if (quote < 0) return bytes.length;
    let slash = quote;
    while (slash > i && bytes[slash - 1] === BACKSLASH) slash--;
    if ((quote - slash) % 2 === 0) return quote;
    i = quote + 1;
  }
}
