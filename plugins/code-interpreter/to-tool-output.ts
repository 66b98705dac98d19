import type { ToolOutput } from "../../core/index.ts";
import type { CodeOutput } from "./outputs.ts";

/** The image types that models read. */
const READABLE = /^data:image\/(?:png|jpeg);/;

/**
 * What the model reads for an execution, now and later in the history: at most `maxCharacters` of text, and figures as
 * images.
 */
export function toToolOutput(outputs: readonly CodeOutput[], maxCharacters: number): ToolOutput {
  const texts = outputs.map((output) => {
    if (output.type === "logs") return output.logs;
    return READABLE.test(output.url) ? "[a figure was shown]" : "[an image was shown that you cannot see]";
  });
  const text = shorten(texts.join("\n").trimEnd(), maxCharacters) || "(no output)";
  const images = outputs.flatMap((output) =>
    output.type === "image" && READABLE.test(output.url) ? [output.url] : [],
  );
  if (images.length === 0) return text;
  return [
    { type: "input_text", text },
    ...images.map((image_url) => ({ type: "input_image" as const, image_url, detail: "auto" as const })),
  ];
}

/** Keeps the beginning and the end, since the end says how the execution ended. */
function shorten(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const half = Math.floor(maxCharacters / 2);
  const note = `\n[${text.length - 2 * half} characters were left out here]\n`;
  return `${text.slice(0, half)}${note}${text.slice(-half)}`.toWellFormed();
}
