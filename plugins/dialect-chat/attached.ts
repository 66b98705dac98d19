import { isObject } from "../../core/index.ts";

/** Characters of one answer: what is more is not kept. Sealed reasoning takes some hundred thousand. */
const MAX_CHARACTERS = 1_048_576;
/** Levels of nesting of what is kept. */
const MAX_DEPTH = 16;
/** Entries of a list in which the beginning of a piece is looked for. */
const LOOK_BACK = 32;
/** Members of a list's entries that stream in pieces, as words do. */
const WORDS: ReadonlySet<string> = new Set(["text", "summary", "thinking"]);

/** What a server has attached, by the names that it gave. */
export type Members = Readonly<Record<string, unknown>>;

/** How much of one answer may still be kept. */
export class Room {
  #left = MAX_CHARACTERS;

  /** Whether all that came so far has found room: a part of what a server attached is worth nothing to it. */
  get enough(): boolean {
    return this.#left >= 0;
  }

  take(value: unknown): boolean {
    if (this.#left >= 0) this.#left -= size(value, MAX_DEPTH);
    return this.#left >= 0;
  }
}

/**
 * What a server attaches to a message or to a call for its own use, such as a signature, and wants back unchanged:
 * the members that this dialect does not read. In a stream they come in pieces.
 */
export class Attached {
  readonly #room: Room;
  readonly #members = new Map<string, unknown>();

  constructor(room: Room) {
    this.#room = room;
  }

  /** Whether the same again would change nothing. */
  add(name: string, value: unknown): boolean {
    const known = this.#members.get(name);
    if (known === value) return true;
    if (!this.#room.take(value)) {
      this.#members.clear();
      return true;
    }
    this.#members.set(name, known === undefined ? value : joined(known, value));
    return false;
  }

  /** `undefined` if there are none, or too much has come. */
  members(): Members | undefined {
    if (this.#members.size === 0 || !this.#room.enough) return undefined;
    return Object.fromEntries(this.#members);
  }
}

/** Whether a member can be something that the server wants back. Numbers and truths only describe a delta. */
export function isAttachment(value: unknown): boolean {
  if (typeof value === "string") return value !== "";
  if (typeof value !== "object" || value === null) return false;
  for (const _ in value) return true;
  return false;
}

/** Texts go on, lists grow, and of objects the last one stands. */
function joined(known: unknown, value: unknown): unknown {
  if (typeof known === "string" && typeof value === "string")
    return value.startsWith(known) ? value : known + value;
  if (!Array.isArray(known) || !Array.isArray(value)) return value;
  for (const entry of value) addEntry(known, entry);
  return known;
}

function addEntry(list: unknown[], entry: unknown): void {
  if (isObject(entry))
    for (let at = list.length - 1; at >= 0 && at >= list.length - LOOK_BACK; at -= 1) {
      const begun = list[at];
      if (!isObject(begun) || !goesOn(begun, entry)) continue;
      list[at] = withPiece(begun, entry);
      return;
    }
  list.push(entry);
}

type Entry = Readonly<Record<string, unknown>>;

/** Whether an entry is a further piece of one that has begun, or the same again. */
function goesOn(begun: Entry, piece: Entry): boolean {
  if (begun.type !== piece.type || begun.index !== piece.index) return false;
  const isNumbered = begun.index != null;
  // Where entries have no numbers, a signature ends one.
  if (!isNumbered && begun.signature != null) return false;
  for (const name in piece) {
    const value = piece[name];
    if (value == null || begun[name] == null || WORDS.has(name)) continue;
    if (value !== begun[name] && !(name === "signature" && begun[name] === "")) return false;
  }
  return true;
}

function withPiece(begun: Entry, piece: Entry): Entry {
  const whole = new Map(Object.entries(begun));
  for (const [name, value] of Object.entries(piece)) {
    if (value == null) continue;
    const known = whole.get(name);
    whole.set(
      name,
      WORDS.has(name) && typeof known === "string" && typeof value === "string" ? known + value : value,
    );
  }
  return Object.fromEntries(whole);
}

/** Characters, about; more than any room where it is nested too deep. */
function size(value: unknown, depth: number): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  if (depth === 0) return Number.POSITIVE_INFINITY;
  let sum = 2;
  for (const name in value) sum += name.length + 3 + size((value as Entry)[name], depth - 1);
  return sum;
}
