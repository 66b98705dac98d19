import type { ModelChunk } from "../../core/index.ts";
import { Attached, isAttachment, type Members, Room } from "./attached.ts";
import { toNote } from "./note-of-server.ts";

/**
 * Members of a delta that are not attachments: those that the dialect reads, those for the client, and those that
 * describe only the delta.
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

/** What a server attaches to the message and the calls of one answer. */
export class AnswerNotes {
  readonly #server: string;
  readonly #room = new Room();
  #toMessage: Attached | undefined;

  constructor(server: string) {
    this.#server = server;
  }

  /** Attachments of a call or of its function. */
  attached(): Attached {
    return new Attached(this.#room);
  }

  /** Keeps what a delta of the message attaches. Returns whether similar deltas must be checked too. */
  add(delta: Readonly<Record<string, unknown>>): boolean {
    let changed = false;
    for (const name in delta) {
      if (READ.has(name) || !isAttachment(delta[name])) continue;
      this.#toMessage ??= this.attached();
      if (!this.#toMessage.add(name, delta[name])) changed = true;
    }
    return changed;
  }

  /** `calls`: the attachments of each call, by its index. */
  write(calls: Iterable<[number, Members]>, out: ModelChunk[]): void {
    const members = this.#toMessage?.members();
    if (members) out.push({ type: "note", note: toNote("message", members, this.#server) });
    for (const [index, attached] of calls)
      out.push({ type: "note", index, note: toNote("call", attached, this.#server) });
  }
}
