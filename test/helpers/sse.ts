/** One frame of an event stream, as a strict client reads it. */
export type SseFrame =
  | { event: string; data: Record<string, unknown> & { type: string } }
  | { event: undefined; data: "[DONE]" };

type Bytes = AsyncIterable<Uint8Array>;

/**
 * The frames of a stream. Each must be `event: X`, `data: {…}` and a blank line, with X the `type` of the
 * data, or `data: [DONE]`; nothing else (no comments, no `id:`, no other line ends) passes.
 *
 * @throws Error that quotes the frame which is not one
 */
export async function* readSse(source: Response | Bytes): AsyncGenerator<SseFrame, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const bytes of bodyOf(source)) {
    rest += decoder.decode(bytes, { stream: true });
    for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n")) {
      yield parseFrame(rest.slice(0, end));
      rest = rest.slice(end + 2);
    }
  }
  rest += decoder.decode();
  if (rest !== "") throw new Error(`the stream ends inside a frame: ${JSON.stringify(rest)}`);
}

/** The data of all events of a stream that ends with `[DONE]`, without it. */
export async function collectSse(source: Response | Bytes): Promise<Array<{ type: string }>> {
  const events: Array<{ type: string }> = [];
  let done = false;
  for await (const frame of readSse(source)) {
    if (done) throw new Error(`a frame after [DONE]: ${JSON.stringify(frame)}`);
    if (frame.event === undefined) done = true;
    else events.push(frame.data);
  }
  if (!done) throw new Error(`the stream ends without [DONE], after ${events.at(-1)?.type ?? "no event"}`);
  return events;
}

function bodyOf(source: Response | Bytes): Bytes {
  if (!(source instanceof Response)) return source;
  const contentType = source.headers.get("content-type") ?? "none";
  if (!contentType.startsWith("text/event-stream")) {
    throw new Error(`expected an event stream, got status ${source.status}, content type ${contentType}`);
  }
  if (!source.body) throw new Error("the event stream has no body");
  return source.body;
}

const FRAME = /^event: (?<event>[^\r\n]+)\ndata: (?<data>\{[^\r\n]*\})$/;

function parseFrame(text: string): SseFrame {
  if (text === "data: [DONE]") return { event: undefined, data: "[DONE]" };
  const groups = FRAME.exec(text)?.groups;
  if (!groups?.event || !groups.data) throw new Error(`not a frame of this API: ${JSON.stringify(text)}`);
  const data = JSON.parse(groups.data) as Record<string, unknown> & { type: string };
  if (data.type !== groups.event) {
    throw new Error(`the frame is named "${groups.event}" but its data says "${data.type}"`);
  }
  return { event: groups.event, data };
}
