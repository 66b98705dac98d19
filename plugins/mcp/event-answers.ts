import { createParser } from "eventsource-parser";
import { type FailedAnswer, type RequestId, readFailed } from "./failed-answer.ts";

/**
 * Finds answers that are none in a stream of events, read by read. `request`: the one that the stream answers, unless it is
 * everybody's.
 */
export function createAnswerReader(request: RequestId | undefined): (bytes: Uint8Array) => FailedAnswer[] {
  const decoder = new TextDecoder();
  let failed: FailedAnswer[] = [];
  const parser = createParser({
    onEvent: ({ event = "message", data }) => {
      const answer = event === "message" ? readFailed(parseJson(data), request) : undefined;
      if (answer) failed.push(answer);
    },
  });
  return (bytes) => {
    failed = [];
    parser.feed(decoder.decode(bytes, { stream: true }));
    return failed;
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
