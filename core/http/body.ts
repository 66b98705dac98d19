import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { BodyLimits } from "../body-limits.ts";
import { InvalidRequestError, VrError } from "../errors.ts";
import { isDeeperThan, type JsonLimits, mayHoldTooMany, scanJson } from "../protocol/json-scan.ts";
import { stepAside } from "../step-aside.ts";
import { decoderOf } from "./content-encoding.ts";

const JSON_VALUES = 200_000;

/**
 * The JSON of a request's body. Its content type was checked before its endpoint was called.
 * @throws VrError 413, 415 or 400 that says what is wrong and where
 */
export async function readJson(req: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  return (await readJsonText(req, limits)).value;
}

/** The same, with the text of the JSON. */
export async function readJsonText(
  req: IncomingMessage,
  limits: BodyLimits,
): Promise<{ text: string; value: unknown }> {
  const bytes = await readBytes(req, limits);
  if (isLarge(bytes)) await stepAside();
  const { jsonDepth, jsonValues = JSON_VALUES, options } = limits;
  const bounds = { jsonDepth, jsonValues };
  const isScanned = mayHoldTooMany(bytes, bounds);
  const passed = isScanned ? scanJson(bytes, bounds) : undefined;
  if (typeof passed === "string") throw overLimit(passed, bounds, options);
  if (!isUtf8(bytes)) throw new InvalidRequestError("The body is not valid UTF-8.");
  const text = bytes.toString();
  const value = parse(text);
  if (!isScanned && isDeeperThan(value, jsonDepth)) throw overLimit("jsonDepth", bounds, options);
  return { text, value };
}

/** Bodies of at least this many bytes or characters take so long to process that other requests run between steps. */
const LARGE = 256 * 1024;

export function isLarge({ length }: { readonly length: number }): boolean {
  return length > LARGE;
}

/** The decoded bytes of a request's body. @throws VrError 413, 415, or 400 when it cannot be decoded */
export function readBytes(
  req: IncomingMessage,
  limits: Pick<BodyLimits, "bodyBytes" | "options">,
): Promise<Buffer> {
  const { bodyBytes } = limits;
  return new Promise((resolve, reject) => {
    const decoder = decoderOf(req);
    if (Number(req.headers["content-length"]) > bodyBytes) throw tooLarge(limits);
    const parts: Buffer[] = [];
    const source: Readable = decoder ? req.pipe(decoder) : req;
    const fail = (error: VrError) => {
      source.removeAllListeners("data");
      // The rest of the body is discarded.
      if (decoder) req.unpipe(decoder.destroy()).resume();
      reject(error);
    };
    const counted = (take: (part: Buffer) => void) => {
      let bytes = 0;
      return (part: Buffer) => {
        bytes += part.length;
        if (bytes > bodyBytes) fail(tooLarge(limits));
        else take(part);
      };
    };
    source.on(
      "data",
      counted((part) => parts.push(part)),
    );
    source.on("end", () => resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)));
    if (decoder) {
      // An encoded body may be endless even if it decodes to nothing.
      req.on(
        "data",
        counted(() => {}),
      );
      decoder.on("error", () => fail(notDecoded(req)));
    }
    // "error" too: a client that leaves is no failure of the gateway.
    const brokeOff = () => fail(new InvalidRequestError("The body broke off."));
    req.on("error", brokeOff);
    req.on("close", () => {
      if (!req.complete) brokeOff();
    });
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidRequestError(`The body is not valid JSON: ${reasonOf(error)}`);
  }
}

/** V8's messages quote the text around the error, which may hold anything: only the position is passed on. */
function reasonOf(error: unknown): string {
  const message = (error as Error).message;
  const at = /position \d+( \(line \d+ column \d+\))?/.exec(message);
  if (at) return `unexpected character at ${at[0]}.`;
  return message.startsWith("Unexpected end") ? "it ends too early." : "unexpected character.";
}

function tooLarge({ bodyBytes, options }: Pick<BodyLimits, "bodyBytes" | "options">): VrError {
  const message = `The body is larger than ${bodyBytes} bytes${setBy("bodyBytes", options)}.`;
  return new VrError(413, "invalid_request_error", message, { code: "request_too_large" });
}

function overLimit(limit: keyof JsonLimits, limits: JsonLimits, options: string | undefined): VrError {
  const what =
    limit === "jsonDepth"
      ? `is nested more than ${limits.jsonDepth} levels deep`
      : `holds more than ${limits.jsonValues} values`;
  const code = limit === "jsonDepth" ? "nested_too_deep" : "too_many_values";
  return new InvalidRequestError(`The body ${what}${setBy(limit, options)}.`, { code });
}

function setBy(limit: string, options: string | undefined): string {
  return options === undefined ? "" : ` (${options}.${limit})`;
}

function notDecoded({ headers }: IncomingMessage): VrError {
  return new InvalidRequestError(
    `The body is not valid ${headers["content-encoding"]?.trim().toLowerCase()}.`,
  );
}
