import { isFunctionCallOutput, type ModelRequest, type wire } from "../../core/index.ts";
import type { RefusedImages } from "./refused-images.ts";

/** Why a model does not see images: the server refused them, or they are given by URL, which it does not load. */
export type WhyUnseen = RefusedImages | "by-url";

type Item = ModelRequest["items"][number]["item"];
type ImagePart = wire.InputImageContentParamAutoParam;

/** What the model reads instead of the image. */
const INSTEAD: Record<WhyUnseen, string> = {
  all: "this model takes no images",
  these: "the model server refused it",
  "by-url": "the model server loads no images",
};

const WARNINGS: Record<WhyUnseen, string> = {
  all: "images in tool outputs were left out: the model takes none",
  these: "images in tool outputs were left out: the model server refused them",
  "by-url": "images in tool outputs were left out: the model server loads none, they must be data: URLs",
};

/** The warning for the client. */
export function unseenWarning(why: WhyUnseen): string {
  return WARNINGS[why];
}

/**
 * The request with a text instead of each image in a tool's output: the client did not choose to send these, and the
 * model can go on without them. Images in messages stay. Returns the same request if there are none.
 */
export function withoutToolImages(request: ModelRequest, why: WhyUnseen): ModelRequest {
  let changed = false;
  const items = request.items.map((entry) => {
    const item = itemWithoutImages(entry.item, why);
    if (item === entry.item) return entry;
    changed = true;
    return { ...entry, item };
  });
  return changed ? { ...request, items } : request;
}

/** Does the same with one item. Returns the same item if it is not a tool's output, or has no such image. */
export function itemWithoutImages(item: Item, why: WhyUnseen): Item {
  if (!isFunctionCallOutput(item) || typeof item.output === "string") return item;
  const isUnseen = (part: { type: string }): part is ImagePart =>
    part.type === "input_image" && (why !== "by-url" || isByUrl(part as ImagePart));
  if (!item.output.some(isUnseen)) return item;
  const output = item.output.map((part) =>
    isUnseen(part) ? { type: "input_text" as const, text: toText(part, why) } : part,
  );
  return { ...item, output };
}

function isByUrl({ image_url: url }: ImagePart): boolean {
  return typeof url === "string" && !/^data:/i.test(url);
}

function toText({ image_url: url }: ImagePart, why: WhyUnseen): string {
  const type = /^data:(image\/[\w.+-]{1,40})/i.exec(url ?? "")?.[1] ?? "image";
  return `[${type}, not shown: ${INSTEAD[why]}]`;
}
