import type { Dispatcher } from "undici";

export interface ReadText {
  text: string;
  /** The body was longer than allowed: the rest was not read. */
  cut: boolean;
  /** How the body broke off, if it did. */
  broken: unknown;
}

/** What came of a body, up to `maxBytes`. Never rejects. */
export async function readText(body: Dispatcher.ResponseData["body"], maxBytes: number): Promise<ReadText> {
  const parts: Buffer[] = [];
  let bytes = 0;
  let broken: unknown;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      parts.push(part);
      bytes += part.length;
      if (bytes > maxBytes) break; // lets the connection go
    }
  } catch (error) {
    broken = error;
  }
  return { text: Buffer.concat(parts).toString(), cut: bytes > maxBytes, broken };
}
