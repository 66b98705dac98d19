import { toVrError } from "../errors.ts";
import type { ResponseRequest } from "../protocol/request.ts";
import type { Response as ResponseObject } from "../protocol/wire.ts";
import { ResponseDocument } from "../response/document.ts";
import type { ResponseScope } from "../scopes.ts";
import { toResponseError } from "./complete.ts";

/** The defaults that a response echoes for a request that could not be parsed. */
const NOTHING_ASKED: ResponseRequest = {
  input: [],
  tools: [],
  tool_choice: "auto",
  include: new Set(),
  store: false,
  stream: false,
  metadata: {},
};

/** The response that `onComplete` receives for a request that was refused, or whose client left, before it began. */
export function refusedResponse(context: ResponseScope<ResponseRequest | undefined>): ResponseObject {
  const { id, startedAt, request = NOTHING_ASKED, failure } = context;
  const document = new ResponseDocument(id, Math.floor(startedAt / 1000), request.model ?? "", request);
  const nothing = { output: [], usage: null };
  return document.snapshot(
    failure
      ? { ...nothing, status: "failed", error: toResponseError(toVrError(failure.error)) }
      : { ...nothing, status: "cancelled" },
  );
}
