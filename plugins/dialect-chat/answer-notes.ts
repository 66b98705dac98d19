import type { ModelChunk } from "../../core/index.ts";
import { Attached, isAttachment, type Members, Room } from "./attached.ts";
import { toNote } from "./note-of-server.ts";

/**
 * Members of a delta that are read, or are no server's own: what a client is to see, and what describes the delta
 * alone.
 */
const READ: ReadonlySet<string> = new Set([
  "role",
  "content",
  "reasoning_content",
  "reasoning",
  "refusal",
  "annotations",
  "tool_calls",
  "function_call",
  "audio",
  "images",
  "name",
  "channel",
  "tool_call_id",
  "token_ids",
]);

/** What a server attaches to one answer: to its message, and to its calls. */
export class AnswerNotes {
  readonly #server: string;
  readonly #room = new Room();
  #toMessage: Attached | undefined;

  constructor(server: string) {
    this.#server = server;
  }

  /** For something that a call has. */
  attached(): Attached {
    return new Attached(this.#room);
  }

  /** What a delta of the message attaches. Whether the like of this delta must be looked at too. */
  add(delta: Readonly<Record<string, unknown>>): boolean {
    let changed = false;
    for (const name in delta) {
      if (READ.has(name) || !isAttachment(delta[name])) continue;
      this.#toMessage ??= this.attached();
      if (!this.#toMessage.add(name, delta[name])) changed = true;
    }
    return changed;
  }

  /** `calls`: what is attached to each, by its index. */
  write(calls: Iterable<[number, Members]>, out: ModelChunk[]): void {
    const members = this.#toMessage?.members();
    if (members) out.push({ type: "note", note: toNote("message", members, this.#server) });
    for (const [index, attached] of calls)
      out.push({ type: "note", index, note: toNote("call", attached, this.#server) });
  }
}
