import type { Note } from "../../core/index.ts";
import type { Members } from "./attached.ts";

/** What is attached to the message and to the call that an item is. */
export interface Kept {
  message?: Members | undefined;
  call?: Members | undefined;
}

/** The key of each in a note, which holds both where the call is the first item of its turn. */
const KEYS = { message: "chat_message", call: "chat_call" } as const;

/** `server`: who has attached it, and alone gets it back. */
export function toNote(to: keyof Kept, members: Members, server: string): Note {
  return { [KEYS[to]]: { server, members } };
}

/** What this server has attached, of what a note holds. */
export function fromNote(note: Note | undefined, server: string | undefined): Kept {
  if (note === undefined || server === undefined) return {};
  const of = (to: keyof Kept): Members | undefined => {
    const kept = note[KEYS[to]] as { server?: unknown; members?: Members } | undefined;
    return kept?.server === server ? kept.members : undefined;
  };
  return { message: of("message"), call: of("call") };
}
