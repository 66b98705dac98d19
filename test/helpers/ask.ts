import type { ResponseEvent } from "../../core/protocol/events.ts";
import type { Response as ResponseObject } from "../../core/protocol/wire.ts";
import { expectValidEvent, expectValidResponse, expectValidStream } from "../wire/wire.ts";
import { collectSse } from "./sse.ts";

interface HasUrl {
  /** Without `/v1`. */
  readonly url: string;
}

/** `POST /v1/responses`, whatever comes back. A string or bytes are sent as they are. */
export function post(gateway: HasUrl, body: unknown, init: RequestInit = {}): Promise<Response> {
  const raw = typeof body === "string" || body instanceof Uint8Array;
  return fetch(`${gateway.url}/v1/responses`, {
    method: "POST",
    ...init,
    headers: { "content-type": "application/json", ...(init.headers as Record<string, string>) },
    body: raw ? (body as string) : JSON.stringify(body),
  });
}

/** Asks unstreamed. @throws unless the answer is a valid response with status 200 */
export async function ask(gateway: HasUrl, body: object): Promise<ResponseObject> {
  const answer = await post(gateway, body);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`status ${answer.status}: ${text}`);
  return expectValidResponse(JSON.parse(text));
}

export interface Streamed {
  readonly events: ResponseEvent[];
  /** As the terminal event says it. */
  readonly response: ResponseObject;
  readonly headers: Headers;
}

/** Asks streamed, to the end. @throws unless the stream is valid from the first event to `[DONE]` */
export async function askStreamed(gateway: HasUrl, body: object): Promise<Streamed> {
  const answer = await post(gateway, { ...body, stream: true });
  if (answer.status !== 200) throw new Error(`status ${answer.status}: ${await answer.text()}`);
  const events = (await collectSse(answer)).map(expectValidEvent);
  return { events, response: expectValidStream(events), headers: answer.headers };
}

/** The text of all messages of a response. */
export function textOf(response: ResponseObject): string {
  return response.output
    .flatMap((item) => (item.type === "message" ? item.content : []))
    .map((part) => (part.type === "output_text" ? part.text : ""))
    .join("");
}
