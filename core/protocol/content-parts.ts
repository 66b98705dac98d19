import { z } from "zod";
import {
  below,
  isObject,
  notSupportedYet,
  type Problem,
  problemIn,
  quote,
  quotedList,
  wrongType,
} from "./problem.ts";

const webOrDataUrl = z
  .string()
  .refine((url) => /^(https?:\/\/|data:)/i.test(url), "an http(s) URL or a data URL");
const webUrl = z.string().refine((url) => /^https?:\/\//i.test(url), "an http(s) URL");
const text = z.object({ text: z.string() });

/** The content parts that vr reads; each is checked for what a dialect needs of it. */
const PARTS = {
  input_text: text,
  output_text: text,
  reasoning_text: text,
  summary_text: text,
  refusal: z.object({ refusal: z.string() }),
  input_image: z.object({
    image_url: webOrDataUrl.nullish(),
    detail: z.enum(["low", "high", "auto", "original"]).nullish(),
  }),
  input_file: z.object({
    file_data: z.string().nullish(),
    file_url: webUrl.nullish(),
    filename: z.string().nullish(),
    detail: z.enum(["low", "high", "auto"]).nullish(),
  }),
} satisfies Record<string, z.ZodType>;

export type PartType = keyof typeof PARTS;

/** Known elsewhere, but no part that any model server behind vr can be given. */
const UNSUPPORTED = new Set(["input_audio", "input_video"]);

/** What is wrong with an array of content parts of which only `allowed` types may come here. */
export function partsProblem(parts: unknown, allowed: ReadonlySet<PartType>): Problem | undefined {
  if (!Array.isArray(parts)) return wrongType("", "an array of content parts", parts);
  for (let i = 0; i < parts.length; i++) {
    const problem = partProblem(parts[i], allowed);
    if (problem) return below(`[${i}]`, problem);
  }
  return undefined;
}

function partProblem(part: unknown, allowed: ReadonlySet<PartType>): Problem | undefined {
  if (!isObject(part)) return wrongType("", "an object with a type", part);
  const { type } = part;
  if (typeof type !== "string") return wrongType(".type", `one of ${quotedList(allowed)}`, type);
  if (UNSUPPORTED.has(type)) return notSupportedYet(".type", `content of type ${quote(type)}`);
  if (!isAllowed(type, allowed))
    return { path: ".type", text: `expected one of ${quotedList(allowed)}, got ${quote(type)}` };
  const problem = problemIn(PARTS[type], part);
  if (problem) return problem;
  if (type === "input_image") return sourceProblem(part, ["image_url"]);
  if (type === "input_file") return sourceProblem(part, ["file_data", "file_url"]);
  return undefined;
}

function isAllowed(type: string, allowed: ReadonlySet<string>): type is PartType {
  return allowed.has(type);
}

/** Images and files carry their bytes or a URL. vr keeps no files, so a `file_id` means nothing to it. */
function sourceProblem(part: Record<string, unknown>, sources: readonly string[]): Problem | undefined {
  if (part.file_id !== undefined && part.file_id !== null) return notSupportedYet(".file_id", "file_id");
  if (sources.some((source) => typeof part[source] === "string")) return undefined;
  return { path: `.${sources[0]}`, text: `expected a part with ${sources.join(" or ")}` };
}
