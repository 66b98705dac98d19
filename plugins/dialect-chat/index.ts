export { type ChatDecoder, createChatDecoder, fromCompletion } from "./chat-decoder.ts";
export { cutSecrets, toClientStatus, toErrorInStream, toHttpError } from "./chat-error.ts";
export { ChatReader, type ChatReaderOptions } from "./chat-reader.ts";
export type { ChatChunk, ChatMessage, ChatPart, ChatRequest, ChatUsage } from "./chat-types.ts";
export { type ChatQuirks, defaultQuirks, partialQuirksSchema, withQuirks } from "./quirks.ts";
export { createSseLines, isWholePayload, type SseLines } from "./sse-lines.ts";
export { toChatRequest } from "./to-chat-request.ts";
export { toLogProbs } from "./to-logprobs.ts";
export { Utf8Reads } from "./utf8-reads.ts";
