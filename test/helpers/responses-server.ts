import { fixture, fixtureBytes, json, type Script } from "./chat-server.ts";

/** The events of a recorded Responses stream. */
export function recordedEvents(name: string): Record<string, unknown>[] {
  return fixtureBytes(name)
    .toString()
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => JSON.parse(line.slice("data: ".length)));
}

/** The response object that a recorded stream ends with. */
export function recordedResponse(name: string): Record<string, unknown> & { output: object[] } {
  return recordedEvents(name).at(-1)?.response as never;
}

/** A recorded answer of a server that speaks the Responses API: streamed, or whole, as the request asks. */
export function recorded(name: string): Script {
  return (exchange) =>
    exchange.request.body?.stream === true ? fixture(name)(exchange) : json(recordedResponse(name))(exchange);
}
