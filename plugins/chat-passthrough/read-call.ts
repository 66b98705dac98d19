import type { IncomingMessage } from "node:http";
import { InvalidRequestError, VrError } from "../../core/index.ts";

/** A request's body: as it came, and as far as it is understood. */
export interface Call {
  text: string;
  body: Record<string, unknown>;
  model: string | undefined;
}

/** @throws VrError 413, 415, or 400 when the body is no JSON object */
export async function readCall(req: IncomingMessage, maxBodyBytes: number): Promise<Call> {
  const type = req.headers["content-type"] ?? "application/json";
  // Anything else a page of any origin could send without asking.
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(type))
    throw new VrError(415, "invalid_request_error", "The content type must be application/json.");
  const text = await readText(req, maxBodyBytes);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new InvalidRequestError("The body is not valid JSON.");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new InvalidRequestError("The body must be a JSON object.");
  const { model } = body as { model?: unknown };
  if (model !== undefined && model !== null && typeof model !== "string")
    throw new InvalidRequestError('Invalid "model": expected a string.', { param: "model" });
  return { text, body: body as Record<string, unknown>, model: model || undefined };
}

async function readText(req: IncomingMessage, maxBodyBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of req as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > maxBodyBytes) break;
      parts.push(part);
    }
  } catch (error) {
    throw new InvalidRequestError("The body broke off.", { cause: error });
  }
  if (bytes > maxBodyBytes)
    throw new VrError(413, "invalid_request_error", `The body is larger than ${maxBodyBytes} bytes.`, {
      code: "request_too_large",
    });
  return Buffer.concat(parts).toString();
}
