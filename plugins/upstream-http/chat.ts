import { type ChatChunk, ChatReader, fromCompletion, toChatRequest } from "../dialect-chat/index.ts";
import type { Dialect } from "./dialect.ts";
import type { Settings } from "./settings.ts";

/** `POST /chat/completions`. */
export function chatCompletions(settings: Pick<Settings, "quirks" | "maxEventBytes">): Dialect {
  const { quirks, maxEventBytes } = settings;
  return {
    name: "chat completions",
    path: "/chat/completions",
    native: false,
    toBody: (request, warn) => toChatRequest(request, quirks, warn),
    openStream: (secrets) => new ChatReader(quirks, { maxEventBytes, secrets }),
    fromWhole: (body, secrets) => fromCompletion(body as ChatChunk, quirks, secrets),
  };
}
