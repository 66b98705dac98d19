/** Shared by all streams, since a read is gathered and decoded in one go. Grows to the longest read. */
let gathered = Buffer.allocUnsafeSlow(131_072);

/**
 * Decodes bytes that come in arbitrary pieces. A character that is split over two reads appears with the second. A byte
 * order mark at the start is dropped.
 */
export class Utf8Reads {
  #tail: Buffer | undefined;
  #started = false;

  /** Decodes one read, given as the fragments in which it came. */
  decode(fragments: readonly Buffer[]): string {
    const only = fragments.length === 1 && this.#tail === undefined ? fragments[0] : undefined;
    const bytes = only ?? gather(this.#tail, fragments);
    const whole = wholeCharacters(bytes);
    this.#tail = whole < bytes.length ? Buffer.from(bytes.subarray(whole)) : undefined;
    let text = bytes.toString("utf8", 0, whole);
    if (!this.#started && text !== "") {
      this.#started = true;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    return text;
  }

  /** Call at the end: returns the rest of a stream that ends within a character. */
  end(): string {
    const tail = this.#tail;
    this.#tail = undefined;
    return tail ? tail.toString("utf8") : "";
  }
}

/** Joins the fragments. The result is valid until the next call. */
function gather(first: Buffer | undefined, fragments: readonly Buffer[]): Buffer {
  let length = first?.length ?? 0;
  for (const fragment of fragments) length += fragment.length;
  if (length > gathered.length) gathered = Buffer.allocUnsafeSlow(length);
  let at = 0;
  if (first) {
    gathered.set(first);
    at = first.length;
  }
  for (const fragment of fragments) {
    gathered.set(fragment, at);
    at += fragment.length;
  }
  return gathered.subarray(0, length);
}

/** The length of `bytes` without the beginning of a character that is cut off at the end. */
function wholeCharacters(bytes: Buffer): number {
  const length = bytes.length;
  for (let back = 1; back <= 3 && back <= length; back += 1) {
    const byte = bytes[length - back] as number;
    if (byte < 0x80) return length;
    if (byte >= 0xc0) {
      const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needs > back ? length - back : length;
    }
  }
  return length;
}
