import { createParser } from "eventsource-parser";
import { type FailedAnswer, type RequestId, readFailed } from "./failed-answer.ts";

/** Reads a stream of events for what the SDK does not report. */
export interface EventReader {
  /** Whether the stream may end: it has brought the answer, or an event id from which the SDK can resume. */
  readonly mayEnd: boolean;
  /** Takes bytes. Returns the invalid answers that they complete. */
  read(bytes: Uint8Array): FailedAnswer[];
}

/** `request`: the request that the stream answers; `undefined` for a stream that is for all. */
export function createEventReader(request: RequestId | undefined): EventReader {
  const decoder = new TextDecoder();
  let mayEnd = false;
  let failed: FailedAnswer[] = [];
  const parser = createParser({
    onEvent: ({ id, event = "message", data }) => {
      if (id) mayEnd = true;
      if (event !== "message") return;
      const message = parseJson(data);
      const answer = readFailed(message, request);
      if (answer) failed.push(answer);
      if (request !== undefined && answersTo(request, answer ?? message)) mayEnd = true;
    },
  });
  return {
    get mayEnd() {
      return mayEnd;
    },
    read(bytes) {
      failed = [];
      parser.feed(decoder.decode(bytes, { stream: true }));
      return failed;
    },
  };
}

function answersTo(request: RequestId, message: unknown): boolean {
  const { id, method } = (message ?? {}) as { id?: unknown; method?: unknown };
  return id === request && method === undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
