import type { Response as ResponseObject } from "../../../core/protocol/wire.ts";
import type { Told } from "./family.ts";

/** What a response tells its client. */
export function told({ output, usage }: ResponseObject): Told {
  const result: Told = { usage: [usage?.input_tokens ?? 0, usage?.output_tokens ?? 0] };
  for (const item of output) {
    if (item.type === "reasoning")
      result.reasoning = (result.reasoning ?? "") + (item.content ?? []).map(({ text }) => text).join("");
    else if (item.type === "function_call")
      result.calls = [...(result.calls ?? []), [item.name, JSON.parse(item.arguments)]];
    else if (item.type === "message")
      for (const part of item.content) {
        if (part.type === "refusal") result.refusal = (result.refusal ?? "") + part.refusal;
        else if (part.type === "output_text") result.text = (result.text ?? "") + part.text;
      }
  }
  return result;
}
