import type { Dispatcher } from "undici";

/** A body up to a limit: what is over `maxBytes` is not read, and `whole` is false. */
export async function readText(
  body: Dispatcher.ResponseData["body"],
  maxBytes: number,
): Promise<{ text: string; whole: boolean }> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > maxBytes) break; // lets the connection go
  }
  return { text: Buffer.concat(parts).toString(), whole: bytes <= maxBytes };
}
