import type { ModelRequest } from "../../core/index.ts";
import { itemWithoutImages, refusedImages, unseenWarning, type WhyUnseen } from "../dialect-chat/index.ts";
import {
  type Ending,
  fromResponse,
  ResponsesReader,
  toResponsesRequest,
  withoutEncryption,
} from "../dialect-responses/index.ts";
import type { Dialect } from "./dialect.ts";
import { EFFORT_LEFT_OUT, lessonOf, withLessons } from "./lessons.ts";
import type { ServerSettings } from "./settings.ts";

/** The dialect of `POST /responses`, for a server that speaks the Responses API itself. */
export function responsesApi({
  quirks,
  maxEventBytes,
  extraBody,
}: Pick<ServerSettings, "quirks" | "maxEventBytes" | "extraBody">): Dialect {
  const toBody: Dialect["toBody"] = (request, warn, learned) =>
    JSON.stringify(Object.assign(toResponsesRequest(request, withLessons(quirks, learned), warn), extraBody));
  return {
    name: "responses",
    path: "/responses",
    native: true,
    toBody,
    amend({ request, body, learned }, refusal) {
      const { status, said } = refusal;
      const unsealed = status === 400 ? withoutEncryption(body, said) : undefined;
      if (unsealed) return unsealed;
      const why = refusedImages(status, said);
      if (why !== undefined) {
        const lesson = why === "all" ? "no-images" : undefined;
        return { body: withoutImages(body, why), warning: unseenWarning(why), lesson };
      }
      const lesson = lessonOf(refusal, learned);
      if (lesson === "strict-as-given") {
        const known = new Set([...learned, lesson]);
        return { body: toBody(request, () => {}, known), learned: known, lesson };
      }
      if (lesson !== "no-effort") return undefined;
      return { body: withoutEffort(body), warning: EFFORT_LEFT_OUT, lesson: "no-effort" };
    },
    openStream: (request, secrets) =>
      new ResponsesReader({ maxEventBytes, secrets }, endingOf(request, secrets)),
    fromWhole: (body, request, secrets) => fromResponse(body, endingOf(request, secrets)),
  };

  function endingOf({ maxOutputTokens }: ModelRequest, secrets: readonly string[]): Ending {
    return { secrets, cutAtTokens: quirks.cutAnswers === "completed" ? maxOutputTokens : undefined };
  }
}

/** The body without images in the outputs of tools. Its items have the gateway's own form. */
function withoutImages(body: string, why: WhyUnseen): string {
  const asked = JSON.parse(body) as { input?: unknown };
  if (!Array.isArray(asked.input)) return body;
  return JSON.stringify({ ...asked, input: asked.input.map((item) => itemWithoutImages(item, why)) });
}

function withoutEffort(body: string): string {
  const asked = JSON.parse(body) as { reasoning?: { effort?: unknown } };
  return JSON.stringify({ ...asked, reasoning: { ...asked.reasoning, effort: undefined } });
}
