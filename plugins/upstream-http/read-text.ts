import type { Dispatcher } from "undici";

export interface ReadText {
  text: string;
  /** Whether the body was longer than allowed. The rest was not read. */
  cut: boolean;
  /** The error of a body that broke off. */
  broken: unknown;
}

/** The text of a body, up to `maxBytes`. Never rejects. */
export async function readText(body: Dispatcher.ResponseData["body"], maxBytes: number): Promise<ReadText> {
  const parts: Buffer[] = [];
  let bytes = 0;
  let broken: unknown;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      parts.push(part);
      bytes += part.length;
      if (bytes > maxBytes) break; // releases the connection
    }
  } catch (error) {
    broken = error;
  }
  return { text: Buffer.concat(parts).toString(), cut: bytes > maxBytes, broken };
}
