import {
  type ChatChunk,
  type ChatQuirks,
  ChatReader,
  fromCompletion,
  toChatRequest,
} from "../dialect-chat/index.ts";
import type { Dialect } from "./dialect.ts";

/** `POST /chat/completions`. */
export function chatCompletions(quirks: ChatQuirks, limits: { maxEventBytes: number }): Dialect {
  return {
    name: "chat completions",
    path: "/chat/completions",
    toBody: (request, warn) => toChatRequest(request, quirks, warn),
    openStream: (secrets) => new ChatReader(quirks, { ...limits, secrets }),
    fromWhole: (body, secrets) => fromCompletion(body as ChatChunk, quirks, secrets),
  };
}
