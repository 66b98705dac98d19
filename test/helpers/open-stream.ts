import { connect } from "node:net";
import type { Response as ResponseObject } from "../../core/protocol/wire.ts";
import { expectValidStream } from "../wire/wire.ts";
import { readSse } from "./sse.ts";

/** A stream of a gateway whose first word has come. */
export async function openStream(url: string): Promise<{ rest(): Promise<ResponseObject> }> {
  const answer = await fetch(`${url}/v1/responses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input: "Say: a few words, one after the other", stream: true }),
  });
  const events: unknown[] = [];
  const frames = readSse(answer);
  for (;;) {
    const { value } = await frames.next();
    if (!value?.event) throw new Error("the stream ended before its first text");
    events.push(value.data);
    if (value.event === "response.output_text.delta") break;
  }
  return {
    rest: async () => {
      for await (const frame of frames) if (frame.event) events.push(frame.data);
      return expectValidStream(events);
    },
  };
}

/** Resolves once the port of this URL is closed. */
export async function refused(url: string): Promise<void> {
  const { port, hostname } = new URL(url);
  for (;;) {
    const socket = connect(Number(port), hostname);
    const taken = await new Promise((resolve) =>
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false)),
    );
    socket.destroy();
    if (!taken) return;
  }
}
