import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { VrError } from "../errors.ts";
import { quote } from "../protocol/problem.ts";

/** Not imported: few starts ever need it. */
const zlib = () => process.getBuiltinModule("node:zlib");

/** RFC 9659: a window of 8 MB is what a decoder has to have, and what one client may make it hold. */
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
 * What decodes a request's body; `undefined` where it is sent as it is.
 * @throws VrError 415 that names an encoding which is not known here
 */
export function decoderOf({ headers }: IncomingMessage): Transform | undefined {
  const encoding = headers["content-encoding"]?.trim().toLowerCase();
  if (!encoding || encoding === "identity") return undefined;
  if (Object.hasOwn(DECODERS, encoding)) return DECODERS[encoding]?.();
  throw new VrError(
    415,
    "invalid_request_error",
    `The content encoding ${quote(encoding)} is not known here: expected gzip, deflate, br, zstd or none.`,
    { code: "unsupported_media_type" },
  );
}
