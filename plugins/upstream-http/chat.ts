import type { ModelRequest } from "../../core/index.ts";
import {
  type ChatChunk,
  ChatReader,
  fromCompletion,
  refusedImages,
  toChatRequest,
  unseenWarning,
  withoutToolImages,
} from "../dialect-chat/index.ts";
import type { Dialect } from "./dialect.ts";
import type { Settings } from "./settings.ts";

/** `POST /chat/completions`. */
export function chatCompletions({
  quirks,
  maxEventBytes,
  extraBody,
  origin,
  path,
}: Pick<Settings, "quirks" | "maxEventBytes" | "extraBody" | "origin" | "path">): Dialect {
  const server = origin + path;
  const toBody = (request: ModelRequest, warn: (message: string) => void) =>
    JSON.stringify(Object.assign(toChatRequest(request, quirks, warn, server), extraBody));
  return {
    name: "chat completions",
    path: "/chat/completions",
    native: false,
    toBody,
    amend({ request }, { status, said }) {
      const why = refusedImages(status, said);
      if (why === undefined) return undefined;
      // Made anew: in a body, images of tools cannot be told from those of the user.
      const seen = withoutToolImages(request, why);
      if (seen === request) return undefined;
      return { body: toBody(seen, saidBefore), warning: unseenWarning(why), textOnly: why === "all" };
    },
    openStream: (secrets) => new ChatReader(quirks, { maxEventBytes, secrets, server }),
    fromWhole: (body, secrets) => fromCompletion(body as ChatChunk, quirks, { secrets, server }),
  };
}

/** What is left out of a body that is made a second time has been said of the first. */
function saidBefore(): void {}
