import { isObject, type ModelRequest } from "../../core/index.ts";
import type { ChatQuirks } from "./quirks.ts";

/**
 * Adds the further parameters of a request that the server takes, under the names that it knows. What the body has
 * already stays: no parameter can undo what vr says. Of an object such as `chat_template_kwargs` the client's members
 * come over vr's own.
 */
export function addExtra(
  body: Record<string, unknown>,
  { extra }: Pick<ModelRequest, "extra">,
  { passExtra, extraNames }: Pick<ChatQuirks, "passExtra" | "extraNames">,
): void {
  if (extra == null) return;
  for (const name of passExtra) {
    const value = Object.hasOwn(extra, name) ? extra[name] : undefined;
    if (value === undefined || value === null) continue;
    const sentAs = extraNames[name] ?? name;
    const own = body[sentAs];
    if (own === undefined) body[sentAs] = value;
    else if (isObject(own) && isObject(value)) body[sentAs] = { ...own, ...value };
  }
}
