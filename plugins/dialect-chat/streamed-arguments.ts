const OPEN = 0x7b;
const CLOSE = 0x7d;
const SPACE = 0x20;

/**
 * The arguments of one call as they stream. Most servers send each piece once. Some send with every delta all that
 * they have so far, some repeat the whole at the end, some begin with an empty object: what was told is not told
 * again. What cannot be decided at once waits for the next piece.
 */
export class StreamedArguments {
  /** All that was told. */
  #told = "";
  /** The code of its last character that is no space, which a text that is made of many pieces does not give away at once. */
  #last = 0;
  /** They begin as an object. */
  #isObject = false;
  /** A piece that may be all so far, or more of it. */
  #held: string | undefined;
  /** Each piece is all so far. */
  #cumulative = false;

  /** Whether they are a complete JSON value. Some servers make that a question of every delta. */
  get whole(): boolean {
    if (this.#held === undefined && this.#isObject && this.#last !== CLOSE) return false;
    return parse(this.#held ?? this.#told) !== undefined;
  }

  get none(): boolean {
    return this.#told === "" && this.#held === undefined;
  }

  /** Whether this would be nothing new. */
  isRepeatedBy(piece: string): boolean {
    return isReplaceable(this.#held) || isSame(piece, this.#held ?? this.#told);
  }

  /**
   * What a piece adds; "" for nothing, or nothing yet. `isValue`: it came as an object, not as its text. Called for
   * every delta.
   */
  add(piece: string, isValue: boolean): string {
    if (this.#held !== undefined) return this.#decide(piece, isValue);
    if (this.#told === "") {
      if (isValue || isReplaceable(piece)) {
        this.#held = piece;
        return "";
      }
    } else if (piece.length >= this.#told.length) {
      if (piece.startsWith(this.#told) && isObjectText(piece)) {
        if (!this.#cumulative && mayHoldObject(this.#told)) {
          this.#held = piece;
          return "";
        }
        return this.#all(piece);
      }
    }
    // Behind a whole object there is nothing that could begin another.
    if (this.#last === CLOSE && piece.charCodeAt(0) === OPEN && isSame(piece, this.#told)) return "";
    return this.#more(piece);
  }

  /** What was held back, as far as it is new. */
  end(): string {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return "";
    return this.#told === "" || parse(this.#told + held) === undefined ? this.#all(held) : this.#more(held);
  }

  #decide(piece: string, isValue: boolean): string {
    const held = this.#held as string;
    this.#held = undefined;
    if (this.#told === "" && (isValue || (isReplaceable(held) && isObjectText(piece))))
      return this.add(piece, isValue);
    if (piece.startsWith(held)) return this.#all(piece);
    return this.#more(held) + this.add(piece, isValue);
  }

  #more(piece: string): string {
    if (this.#told === "") this.#isObject = piece.charCodeAt(0) === OPEN;
    this.#told += piece;
    this.#last = lastCode(piece, this.#last);
    return piece;
  }

  #all(piece: string): string {
    const rest = piece.slice(this.#told.length);
    this.#told = piece;
    this.#isObject = isObjectText(piece);
    this.#last = lastCode(piece, this.#last);
    this.#cumulative = true;
    return rest;
  }
}

/** Of the last character that is no space; `before` where there is none. */
function lastCode(piece: string, before: number): number {
  let at = piece.length - 1;
  while (at >= 0 && piece.charCodeAt(at) <= SPACE) at -= 1;
  return at < 0 ? before : piece.charCodeAt(at);
}

/** Where such a text ends, another object may stand: as a value, or in a list. */
function mayHoldObject(begun: string): boolean {
  return /[:[,]\s{0,100}$/.test(begun.slice(-101));
}

/** An object without members, which servers send before they know any. */
function isReplaceable(text: string | undefined): boolean {
  return text !== undefined && text.length < 20 && /^\s*\{\s*\}\s*$/.test(text);
}

function isObjectText(text: string): boolean {
  return text.charCodeAt(0) === OPEN || text.trimStart().startsWith("{");
}

/** With white space, the same value is not that much longer: what is short is not compared with what is long. */
const MOST_TIMES_LONGER = 8;

/** Whether two texts are the same value, though they may be written otherwise. */
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
