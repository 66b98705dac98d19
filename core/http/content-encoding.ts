import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { VrError } from "../errors.ts";
import { quote } from "../protocol/problem.ts";

/** Loaded on demand: few gateways ever need it. */
const zlib = () => process.getBuiltinModule("node:zlib");

/** RFC 9659: decoders must support a window of 8 MB. This also limits the memory that one client can use. */
const ZSTD_WINDOW_LOG = 23;

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => zlib().createGunzip(),
  "x-gzip": () => zlib().createGunzip(),
  deflate: () => zlib().createInflate(),
  br: () => zlib().createBrotliDecompress(),
  zstd: () =>
    zlib().createZstdDecompress({ params: { [zlib().constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } }),
};

/**
 * The decoder of a request's body; `undefined` if the body is not encoded.
 * @throws VrError 415 that names an unsupported encoding
 */
export function decoderOf({ headers }: IncomingMessage): Transform | undefined {
  const encoding = headers["content-encoding"]?.trim().toLowerCase();
  if (!encoding || encoding === "identity") return undefined;
  if (Object.hasOwn(DECODERS, encoding)) return DECODERS[encoding]?.();
  throw new VrError(
    415,
    "invalid_request_error",
    `The content encoding ${quote(encoding)} is not supported: expected gzip, deflate, br, zstd or none.`,
    { code: "unsupported_media_type" },
  );
}
