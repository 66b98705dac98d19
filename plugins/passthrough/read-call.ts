import type { IncomingMessage } from "node:http";
import { type BodyLimits, InvalidRequestError, isObject, readJsonText } from "../../core/index.ts";

/** A request's body: its bytes, and the fields that vr reads. */
export interface Call {
  text: string;
  body: Record<string, unknown>;
  model: string | undefined;
}

/** @throws VrError 413, 415, or 400 when the body is not a JSON object */
export async function readCall(req: IncomingMessage, limits: BodyLimits): Promise<Call> {
  const { text, value: body } = await readJsonText(req, limits);
  if (!isObject(body)) throw new InvalidRequestError("The body must be a JSON object.");
  const { model } = body;
  if (model !== undefined && model !== null && typeof model !== "string")
    throw new InvalidRequestError('Invalid "model": expected a string.', { param: "model" });
  return { text, body, model: model || undefined };
}
