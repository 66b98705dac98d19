import { assertNever, InvalidRequestError, type wire } from "../../core/index.ts";
import type { ChatPart } from "./chat-types.ts";
import type { ChatQuirks } from "./quirks.ts";

/** A part of a message or of a tool's output: text, an image or a file. */
export type InputPart =
  | wire.InputTextContent
  | wire.InputImageContent
  | wire.InputFileContent
  | wire.InputTextContentParam
  | wire.InputImageContentParamAutoParam
  | wire.InputFileContentParam;

/**
 * Converts content parts to those of chat completions. If all are text, they become one string, which every server
 * takes.
 * @throws InvalidRequestError for what a chat-completions server cannot take
 */
export function toChatContent(parts: readonly InputPart[], quirks: ChatQuirks): string | ChatPart[] {
  if (parts.every((part) => part.type === "input_text")) return parts.map((part) => part.text).join("\n");
  return parts.map((part) => toChatPart(part, quirks));
}

function toChatPart(part: InputPart, quirks: ChatQuirks): ChatPart {
  switch (part.type) {
    case "input_text":
      return { type: "text", text: part.text };
    case "input_image":
      return toImagePart(part, quirks);
    case "input_file":
      return toFilePart(part, quirks);
    default:
      return assertNever(part);
  }
}

function toImagePart(part: Extract<InputPart, { type: "input_image" }>, quirks: ChatQuirks): ChatPart {
  if (quirks.images === "none")
    throw new InvalidRequestError("the model server takes no images", { param: "input" });
  const url = part.image_url;
  if (!url)
    throw new InvalidRequestError("input_image needs an image_url: this model server has no files", {
      param: "input",
    });
  if (quirks.images === "data_url" && !/^data:/i.test(url))
    throw new InvalidRequestError("the model server loads no images: give image_url as a data: URL", {
      param: "input",
    });
  if (quirks.imageForm === "string") return { type: "image_url", image_url: url };
  // "auto" is the default, and chat completions do not have "original".
  if (part.detail === "low") return { type: "image_url", image_url: { url, detail: "low" } };
  if (part.detail === "high" || part.detail === "original")
    return { type: "image_url", image_url: { url, detail: "high" } };
  return { type: "image_url", image_url: { url } };
}

function toFilePart(part: Extract<InputPart, { type: "input_file" }>, quirks: ChatQuirks): ChatPart {
  if (!quirks.files)
    throw new InvalidRequestError("input_file: the model server takes no files", { param: "input" });
  if (!part.file_id && !part.file_data)
    throw new InvalidRequestError("input_file needs file_data: chat completions take no file_url", {
      param: "input",
    });
  return {
    type: "file",
    file: {
      ...(part.file_id ? { file_id: part.file_id } : {}),
      ...(part.filename ? { filename: part.filename } : {}),
      ...(part.file_data ? { file_data: part.file_data } : {}),
    },
  };
}
