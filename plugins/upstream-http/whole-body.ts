import { type ModelChunk, type ModelRequest, UpstreamError } from "../../core/index.ts";
import { cutSecrets, parseJson } from "../dialect-chat/index.ts";
import type { Dialect } from "./dialect.ts";

/** What is needed to read an answer. `secrets` are removed from every error. */
export interface Reading {
  readonly dialect: Dialect;
  readonly request: ModelRequest;
  readonly secrets: readonly string[];
}

/**
 * The chunks of a body that was read as a whole: an answer, or an event stream that was not asked for.
 * @throws UpstreamError 502 that says what came instead
 */
export function fromWholeBody(
  body: Buffer,
  contentType: string | undefined,
  reading: Reading,
): readonly ModelChunk[] {
  const { dialect, request, secrets } = reading;
  if (contentType?.includes("event-stream")) return fromStream(body, reading);
  const text = body.toString("utf8");
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw new UpstreamError(502, `the model server answered with ${describe(text, contentType, secrets)}`);
  }
  if (typeof value !== "object" || value === null)
    throw new UpstreamError(502, "the model server answered with JSON that is not an answer");
  return dialect.fromWhole(value, request, secrets);
}

function fromStream(body: Buffer, { dialect, request, secrets }: Reading): readonly ModelChunk[] {
  const reader = dialect.openStream(request, secrets);
  const chunks: ModelChunk[] = [];
  reader.read([body], chunks);
  reader.end(chunks);
  return chunks;
}

function describe(text: string, contentType: string | undefined, secrets: readonly string[]): string {
  if (text.trim() === "") return "an empty body";
  if (contentType?.includes("html") || text.trimStart().startsWith("<"))
    return "an HTML page; is baseUrl the address of its API?";
  return `text that is not JSON: ${cutSecrets(text.slice(0, 4_000), secrets).slice(0, 200)}`;
}
