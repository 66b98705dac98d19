import { createParser } from "eventsource-parser";
import { type FailedAnswer, type RequestId, readFailed } from "./failed-answer.ts";

/** What a stream of events says beside what the SDK makes of it. */
export interface EventReader {
  /** Whether an event had an id: the SDK resumes such a stream when it ends too early. */
  readonly resumable: boolean;
  /** The answers that are none in what these bytes complete. */
  read(bytes: Uint8Array): FailedAnswer[];
}

/** `request`: the one that the stream answers, unless it is everybody's. */
export function createEventReader(request: RequestId | undefined): EventReader {
  const decoder = new TextDecoder();
  let resumable = false;
  let failed: FailedAnswer[] = [];
  const parser = createParser({
    onEvent: ({ id, event = "message", data }) => {
      if (id) resumable = true;
      const answer = event === "message" ? readFailed(parseJson(data), request) : undefined;
      if (answer) failed.push(answer);
    },
  });
  return {
    get resumable() {
      return resumable;
    },
    read(bytes) {
      failed = [];
      parser.feed(decoder.decode(bytes, { stream: true }));
      return failed;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
