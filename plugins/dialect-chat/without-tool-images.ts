import { isFunctionCallOutput, type ModelRequest, type wire } from "../../core/index.ts";
import type { RefusedImages } from "./refused-images.ts";

/** Why a model is not shown images: as the server has refused them, or "by-url", which it does not load. */
export type WhyUnseen = RefusedImages | "by-url";

type Item = ModelRequest["items"][number]["item"];
type ImagePart = wire.InputImageContentParamAutoParam;

/** What the model reads in place of the image. */
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

/** What the client is to know. */
export function unseenWarning(why: WhyUnseen): string {
  return WARNINGS[why];
}

/**
 * The same request with a text in place of each image in the output of a tool: a client did not choose to send
 * those, and a model that cannot see them can still go on. Images of messages stay. The request itself if there
 * are none.
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

/** The same of one item; the item itself if it is no output of a tool, or has no such image. */
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
