import { itemWithoutImages, refusedImages, unseenWarning, type WhyUnseen } from "../dialect-chat/index.ts";
import {
  fromResponse,
  ResponsesReader,
  toResponsesRequest,
  withoutEncryption,
} from "../dialect-responses/index.ts";
import type { Dialect } from "./dialect.ts";
import type { Settings } from "./settings.ts";

/** `POST /responses`: a server that speaks the Responses API itself. */
export function responsesApi({
  quirks,
  maxEventBytes,
  extraBody,
}: Pick<Settings, "quirks" | "maxEventBytes" | "extraBody">): Dialect {
  return {
    name: "responses",
    path: "/responses",
    native: true,
    toBody: (request, warn) =>
      JSON.stringify(Object.assign(toResponsesRequest(request, quirks, warn), extraBody)),
    amend({ body }, { status, said }) {
      const unsealed = status === 400 ? withoutEncryption(body, said) : undefined;
      if (unsealed) return unsealed;
      const why = refusedImages(status, said);
      if (why === undefined) return undefined;
      return { body: withoutImages(body, why), warning: unseenWarning(why), textOnly: why === "all" };
    },
    openStream: (secrets) => new ResponsesReader({ maxEventBytes, secrets }),
    fromWhole: (body, secrets) => fromResponse(body, secrets),
  };
}

/** The same body without images in the outputs of tools. Its items are as the gateway has them. */
function withoutImages(body: string, why: WhyUnseen): string {
  const asked = JSON.parse(body) as { input?: unknown };
  if (!Array.isArray(asked.input)) return body;
  return JSON.stringify({ ...asked, input: asked.input.map((item) => itemWithoutImages(item, why)) });
}
