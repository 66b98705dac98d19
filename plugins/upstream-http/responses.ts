import {
  fromResponse,
  ResponsesReader,
  toResponsesRequest,
  withoutEncryption,
} from "../dialect-responses/index.ts";
import type { Dialect } from "./dialect.ts";
import type { Settings } from "./settings.ts";

/** `POST /responses`: a server that speaks the Responses API itself. */
export function responsesApi(settings: Pick<Settings, "quirks" | "maxEventBytes">): Dialect {
  const { quirks, maxEventBytes } = settings;
  return {
    name: "responses",
    path: "/responses",
    native: true,
    toBody: (request, warn) => toResponsesRequest(request, quirks, warn),
    amend: withoutEncryption,
    openStream: (secrets) => new ResponsesReader({ maxEventBytes, secrets }),
    fromWhole: (body, secrets) => fromResponse(body, secrets),
  };
}
