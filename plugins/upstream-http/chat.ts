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
import { EFFORT_LEFT_OUT, type Lesson, lessonOf, withLessons, withoutEffort } from "./lessons.ts";
import type { ServerSettings } from "./settings.ts";

/** The dialect of `POST /chat/completions`. */
export function chatCompletions({
  quirks,
  maxEventBytes,
  extraBody,
  origin,
  path,
}: Pick<ServerSettings, "quirks" | "maxEventBytes" | "extraBody" | "origin" | "path">): Dialect {
  const server = origin + path;
  const toBody: Dialect["toBody"] = (request, warn, learned) =>
    JSON.stringify(
      Object.assign(toChatRequest(request, withLessons(quirks, learned), warn, server), extraBody),
    );
  // The body is built again: in a finished body, images from tools look like images from the user.
  const amended = (request: ModelRequest, learned: ReadonlySet<Lesson>) => ({
    request,
    learned,
    body: toBody(request, alreadyWarned, learned),
  });
  return {
    name: "chat completions",
    path: "/chat/completions",
    native: false,
    toBody,
    amend({ request, learned }, refusal) {
      const why = refusedImages(refusal.status, refusal.said);
      if (why !== undefined) {
        const lesson = why === "all" ? "no-images" : undefined;
        return { ...amended(withoutToolImages(request, why), learned), warning: unseenWarning(why), lesson };
      }
      const lesson = lessonOf(refusal, learned);
      if (lesson === undefined) return undefined;
      const known = new Set([...learned, lesson]);
      if (lesson !== "no-effort") return { ...amended(request, known), lesson };
      return { ...amended(withoutEffort(request), known), warning: EFFORT_LEFT_OUT, lesson };
    },
    openStream: (_, secrets) => new ChatReader(quirks, { maxEventBytes, secrets, server }),
    fromWhole: (body, _, secrets) => fromCompletion(body as ChatChunk, quirks, { secrets, server }),
  };
}

/** The warnings of a body that is built a second time were given the first time. */
function alreadyWarned(): void {}
