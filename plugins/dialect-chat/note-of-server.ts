import type { Note } from "../../core/index.ts";
import type { Members } from "./attached.ts";

/** The attachments of an item: those of the message, and those of the call. */
export interface Kept {
  message?: Members | undefined;
  call?: Members | undefined;
}

/** Their keys in a note. A note holds both if the call is the first item of its turn. */
const KEYS = { message: "chat_message", call: "chat_call" } as const;

/** `server`: the server that attached it, and the only one that gets it back. */
export function toNote(to: keyof Kept, members: Members, server: string): Note {
  return { [KEYS[to]]: { server, members } };
}

/** The attachments of this server in a note. */
export function fromNote(note: Note | undefined, server: string | undefined): Kept {
  if (note === undefined || server === undefined) return {};
  const of = (to: keyof Kept): Members | undefined => {
    const kept = note[KEYS[to]] as { server?: unknown; members?: Members } | undefined;
    return kept?.server === server ? kept.members : undefined;
  };
  return { message: of("message"), call: of("call") };
}
