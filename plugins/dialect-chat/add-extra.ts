import { isObject, type ModelRequest } from "../../core/index.ts";
import type { ChatQuirks } from "./quirks.ts";

/**
 * Adds the request's extra parameters that the server takes, under the server's names. They do not replace fields that
 * the body has already. Only in objects such as `chat_template_kwargs` do the client's members override vr's.
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
