import { isObject } from "../../core/index.ts";

/** Most characters kept of one answer. Encrypted reasoning takes some hundred thousand. */
const MAX_CHARACTERS = 1_048_576;
/** Most levels of nesting. */
const MAX_DEPTH = 16;
/** How many entries at the end of a list are searched for the one that a piece continues. */
const LOOK_BACK = 32;
/** Members of list entries that stream in pieces, as text does. */
const WORDS: ReadonlySet<string> = new Set(["text", "summary", "thinking"]);

/** What a server has attached, by the server's names. */
export type Members = Readonly<Record<string, unknown>>;

/** Limits how much is kept of one answer. */
export class Room {
  #left = MAX_CHARACTERS;

  /** Whether everything so far fits. If not, nothing is kept: an incomplete attachment is useless to the server. */
  get enough(): boolean {
    return this.#left >= 0;
  }

  take(value: unknown): boolean {
    if (this.#left >= 0) this.#left -= size(value, MAX_DEPTH);
    return this.#left >= 0;
  }
}

/**
 * Collects what a server attaches to a message or a call for its own use, such as a signature, and wants back
 * unchanged: the members that this dialect does not read. In a stream they come in pieces.
 */
export class Attached {
  readonly #room: Room;
  readonly #members = new Map<string, unknown>();

  constructor(room: Room) {
    this.#room = room;
  }

  /** Returns whether adding the same again would change nothing. */
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

  /** `undefined` if there are none, or they exceed the limit. */
  members(): Members | undefined {
    if (this.#members.size === 0 || !this.#room.enough) return undefined;
    return Object.fromEntries(this.#members);
  }
}

/** Whether the server may want a member back. Numbers and booleans only describe a delta. */
export function isAttachment(value: unknown): boolean {
  if (typeof value === "string") return value !== "";
  if (typeof value !== "object" || value === null) return false;
  for (const _ in value) return true;
  return false;
}

/** Texts and lists are joined; a later object replaces an earlier one. */
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

/** Whether an entry continues or repeats an earlier one. */
function goesOn(begun: Entry, piece: Entry): boolean {
  if (begun.type !== piece.type || begun.index !== piece.index) return false;
  const isNumbered = begun.index != null;
  // Without numbers, a signature ends an entry.
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

/** The approximate number of characters; infinite if the value is nested too deep. */
function size(value: unknown, depth: number): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  if (depth === 0) return Number.POSITIVE_INFINITY;
  let sum = 2;
  for (const name in value) sum += name.length + 3 + size((value as Entry)[name], depth - 1);
  return sum;
}
