import { InvalidRequestError, isMessage, type ModelRequest, type Turn, textsOf } from "../../core/index.ts";
import { unseenWarning, withoutToolImages } from "../dialect-chat/index.ts";
import type { Capabilities } from "./family.ts";
import { withoutThinking } from "./lessons.ts";

/** The average number of UTF-8 bytes in a token. A prompt that is too long by this measure may be too long. */
const BYTES_PER_TOKEN = 4;
/** No tokenizer has more bytes in a token. A prompt that is too long by this measure is too long. */
const MOST_BYTES_PER_TOKEN = 16;

/**
 * Adapts a request to its model where the server would drop something without an error. What the client can do without
 * is left out, with a call of `warn`.
 * @throws InvalidRequestError for images that the model would not see, and, with the code `context_length_exceeded`,
 * for a prompt that the server would cut
 */
export function fitCapabilities(
  request: ModelRequest,
  { tools, images, thinks, contextTokens }: Capabilities,
  { response }: Turn,
  warn: (message: string) => void,
): ModelRequest {
  let fitted = request;
  if (images === false) fitted = withoutImages(fitted, warn);
  if (thinks === false) fitted = withoutThinking(fitted, warn);
  // The client's own tools stay: the server refuses them.
  if (tools === false && fitted.tools.length > 0 && response.request.tools.length === 0) {
    warn("the gateway's tools were left out: the model takes none");
    fitted = { ...fitted, tools: [], toolChoice: { mode: "none" } };
  }
  if (contextTokens !== undefined) checkContext(fitted, contextTokens, warn);
  return fitted;
}

function withoutImages(request: ModelRequest, warn: (message: string) => void): ModelRequest {
  for (const { item } of request.items)
    if (isMessage(item) && Array.isArray(item.content))
      if (item.content.some(({ type }) => type === "input_image"))
        throw new InvalidRequestError(`the model "${request.model}" takes no images`, { param: "input" });
  const seen = withoutToolImages(request, "all");
  if (seen !== request) warn(unseenWarning("all"));
  return seen;
}

function checkContext(request: ModelRequest, tokens: number, warn: (message: string) => void): void {
  const bytes = bytesOf(request);
  if (bytes > tokens * MOST_BYTES_PER_TOKEN)
    throw new InvalidRequestError(
      `the prompt does not fit into the context of the model "${request.model}", ${tokens} tokens`,
      { code: "context_length_exceeded", param: "input" },
    );
  if (bytes > tokens * BYTES_PER_TOKEN)
    warn(`the prompt may not fit into the context of ${tokens} tokens; the model server cuts off the rest`);
}

/** The size of everything that the model reads, except images. */
function bytesOf({ instructions = "", items, tools }: ModelRequest): number {
  let bytes = Buffer.byteLength(instructions);
  for (const { text } of textsOf(items.map(({ item }) => item))) bytes += Buffer.byteLength(text);
  return tools.length === 0 ? bytes : bytes + Buffer.byteLength(JSON.stringify(tools));
}
