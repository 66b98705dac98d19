const OPEN = 0x7b;
const CLOSE = 0x7d;
const SPACE = 0x20;

/**
 * The arguments of one call as they stream. Most servers send each piece once. Some send the whole text so far with
 * every delta, some repeat it at the end, some begin with an empty object. Each part is passed on only once. A piece
 * that can be read in two ways waits for the next one.
 */
export class StreamedArguments {
  /** The text passed on so far. */
  #sent = "";
  /** Code of its last character that is not white space. Reading it from a text joined from many pieces is slow. */
  #last = 0;
  /** Whether the arguments begin as an object. */
  #isObject = false;
  /** A piece that may be the whole text so far or a further piece. */
  #held: string | undefined;
  /** Whether each piece is the whole text so far. */
  #cumulative = false;

  /** Whether the arguments are a complete JSON value. For some servers this runs for every delta. */
  get whole(): boolean {
    if (this.#held === undefined && this.#isObject && this.#last !== CLOSE) return false;
    return parse(this.#held ?? this.#sent) !== undefined;
  }

  get none(): boolean {
    return this.#sent === "" && this.#held === undefined;
  }

  /** Whether this piece would add nothing. */
  isRepeatedBy(piece: string): boolean {
    return isReplaceable(this.#held) || isSame(piece, this.#held ?? this.#sent);
  }

  /**
   * The text that a piece adds; "" for nothing, or nothing yet. `isValue`: it came as an object, not as its text. Runs
   * for every delta.
   */
  add(piece: string, isValue: boolean): string {
    if (this.#held !== undefined) return this.#decide(piece, isValue);
    if (this.#sent === "") {
      if (isValue || isReplaceable(piece)) {
        this.#held = piece;
        return "";
      }
    } else if (piece.length >= this.#sent.length) {
      if (piece.startsWith(this.#sent) && isObjectText(piece)) {
        if (!this.#cumulative && mayHoldObject(this.#sent)) {
          this.#held = piece;
          return "";
        }
        return this.#all(piece);
      }
    }
    // After a complete object, a piece that begins another is a repetition.
    if (this.#last === CLOSE && piece.charCodeAt(0) === OPEN && isSame(piece, this.#sent)) return "";
    return this.#more(piece);
  }

  /** The new part of a piece that was held back. */
  end(): string {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return "";
    return this.#sent === "" || parse(this.#sent + held) === undefined ? this.#all(held) : this.#more(held);
  }

  #decide(piece: string, isValue: boolean): string {
    const held = this.#held as string;
    this.#held = undefined;
    if (this.#sent === "" && (isValue || (isReplaceable(held) && isObjectText(piece))))
      return this.add(piece, isValue);
    if (piece.startsWith(held)) return this.#all(piece);
    return this.#more(held) + this.add(piece, isValue);
  }

  #more(piece: string): string {
    if (this.#sent === "") this.#isObject = piece.charCodeAt(0) === OPEN;
    this.#sent += piece;
    this.#last = lastCode(piece, this.#last);
    return piece;
  }

  #all(piece: string): string {
    const rest = piece.slice(this.#sent.length);
    this.#sent = piece;
    this.#isObject = isObjectText(piece);
    this.#last = lastCode(piece, this.#last);
    this.#cumulative = true;
    return rest;
  }
}

/** Code of the last character that is not white space; `before` if there is none. */
function lastCode(piece: string, before: number): number {
  let at = piece.length - 1;
  while (at >= 0 && piece.charCodeAt(at) <= SPACE) at -= 1;
  return at < 0 ? before : piece.charCodeAt(at);
}

/** Whether another object may follow this text: as a value, or in a list. */
function mayHoldObject(begun: string): boolean {
  return /[:[,]\s{0,100}$/.test(begun.slice(-101));
}

/** An empty object, which some servers send before the first argument. */
function isReplaceable(text: string | undefined): boolean {
  return text !== undefined && text.length < 20 && /^\s*\{\s*\}\s*$/.test(text);
}

function isObjectText(text: string): boolean {
  return text.charCodeAt(0) === OPEN || text.trimStart().startsWith("{");
}

/** White space makes the same value at most this many times longer. Saves comparing short texts with long ones. */
const MOST_TIMES_LONGER = 8;

/** Whether two texts are the same JSON value, whatever their white space. */
function isSame(one: string, other: string): boolean {
  if (one.length * MOST_TIMES_LONGER < other.length) return false;
  const value = parse(one);
  return value !== undefined && JSON.stringify(value) === JSON.stringify(parse(other));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
