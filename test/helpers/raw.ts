import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request with any headers, `Host` and those that only browsers send included. */
export async function raw(
  gateway: { readonly url: string },
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Uint8Array,
): Promise<RawAnswer> {
  const call = request(gateway.url + path, { method, headers, agent: false });
  call.end(body);
  const [answer] = await once(call, "response");
  let text = "";
  for await (const part of answer.setEncoding("utf8")) text += part;
  return { status: answer.statusCode, headers: answer.headers, text };
}

/** What the gateway answers to these bytes, up to the end of the connection. */
export async function bytesFor(gateway: { readonly url: string }, bytes: string): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  let text = "";
  for await (const part of socket.setEncoding("utf8")) text += part;
  return text;
}
