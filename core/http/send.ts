import type { ServerResponse } from "node:http";
import { toVrError } from "../errors.ts";

/** Sends JSON text. One write, without Koa's body machinery. */
export function sendJson(
  res: ServerResponse,
  status: number,
  json: string,
  headers: Record<string, string> = {},
): void {
  const bytes = Buffer.byteLength(json);
  res.writeHead(status, {
    ...headers,
    "content-type": "application/json; charset=utf-8",
    "content-length": bytes,
  });
  res.end(json, encodingOf(json, bytes));
}

/** The encoding for a text. ASCII text (as many bytes as characters) is several times as fast as "latin1". */
export function encodingOf(text: string, bytes = Buffer.byteLength(text)): "latin1" | "utf8" {
  return bytes === text.length ? "latin1" : "utf8";
}

/** Sends the OpenAI error envelope. Anything but a `VrError` becomes a 500 that hides its message. */
export function sendError(
  res: ServerResponse,
  error: unknown,
  more: Readonly<Record<string, string>> = {},
): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const failure = toVrError(error);
  const headers: Record<string, string> = { ...failure.headers, ...more };
  // The rest of a body that is too large is not read, so the connection cannot be reused.
  if (failure.status === 413) headers.connection = "close";
  sendJson(res, failure.status, JSON.stringify(failure), headers);
}
