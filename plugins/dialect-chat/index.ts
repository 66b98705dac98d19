export { addExtra } from "./add-extra.ts";
export { blamesRequest } from "./blames-request.ts";
export { type ChatDecoder, createChatDecoder } from "./chat-decoder.ts";
export { cutSecrets, toClientStatus, toErrorInStream, toHttpError } from "./chat-error.ts";
export { ChatReader } from "./chat-reader.ts";
export type { ChatChunk, ChatMessage, ChatPart, ChatRequest, ChatUsage } from "./chat-types.ts";
export { meaningOf } from "./finish-reason.ts";
export { fromCompletion } from "./from-completion.ts";
export { JsonEvents, type JsonEventsOptions } from "./json-events.ts";
export { type Takes, takesOf } from "./lacking.ts";
export { parseJson } from "./parse-json.ts";
export { type ChatQuirks, defaultQuirks, partialQuirksSchema, withQuirks } from "./quirks.ts";
export { type RefusedImages, refusedImages } from "./refused-images.ts";
export { toChatRequest } from "./to-chat-request.ts";
export { toLogProbs } from "./to-logprobs.ts";
export { isStrict } from "./to-tools.ts";
export {
  itemWithoutImages,
  unseenWarning,
  type WhyUnseen,
  withoutToolImages,
} from "./without-tool-images.ts";
