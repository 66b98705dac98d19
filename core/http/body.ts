import type { IncomingMessage } from "node:http";
import { InvalidRequestError, VrError } from "../errors.ts";

export interface BodyLimits {
  /** Bytes of a request body. */
  bodyBytes: number;
  /** Levels of nesting in its JSON. */
  jsonDepth: number;
}

/**
 * The JSON of a request's body.
 * @throws VrError 413, 415 or 400 that says what is wrong and where
 */
export async function readJson(req: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  const type = req.headers["content-type"] ?? "application/json";
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(type))
    throw new VrError(
      415,
      "invalid_request_error",
      `The content type must be application/json, but is "${type.slice(0, 100)}".`,
    );
  if (Number(req.headers["content-length"]) > limits.bodyBytes) throw tooLarge(limits);
  const text = await readText(req, limits);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidRequestError(`The body is not valid JSON: ${reasonOf(error)}`);
  }
  if (isDeeperThan(value, limits.jsonDepth))
    throw new InvalidRequestError(`The body is nested more than ${limits.jsonDepth} levels deep.`);
  return value;
}

function readText(req: IncomingMessage, limits: BodyLimits): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    req.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > limits.bodyBytes) {
        req.removeAllListeners("data");
        reject(tooLarge(limits));
      } else parts.push(part);
    });
    req.on("end", () =>
      resolve((parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)).toString()),
    );
    // "error" too: a client that leaves is no failure of the gateway.
    const brokeOff = () => reject(new InvalidRequestError("The body broke off."));
    req.on("error", brokeOff);
    req.on("close", () => {
      if (!req.complete) brokeOff();
    });
  });
}

function tooLarge({ bodyBytes }: BodyLimits): VrError {
  return new VrError(413, "invalid_request_error", `The body is larger than ${bodyBytes} bytes.`, {
    code: "request_too_large",
  });
}

/** V8's messages quote the text around the error, which may hold anything: only the position is passed on. */
function reasonOf(error: unknown): string {
  const message = (error as Error).message;
  const at = /position \d+( \(line \d+ column \d+\))?/.exec(message);
  if (at) return `unexpected character at ${at[0]}.`;
  return message.startsWith("Unexpected end") ? "it ends too early." : "unexpected character.";
}

export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) if (isDeeperThan((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}
