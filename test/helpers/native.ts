import { openaiCompatible } from "../../plugins/upstream-openai-compatible/index.ts";
import { plugin } from "./both-ways.ts";
import type { ChatServer } from "./chat-server.ts";

/** An upstream that asks this server through the Responses API, once per call. */
export const nativeAt = (server: ChatServer, options: object = {}) =>
  openaiCompatible({ baseUrl: server.url, api: "responses", retries: 0, ...options });

/** A client's function. */
export const clock = { type: "function", name: "clock", parameters: { type: "object", properties: {} } };

/** A tool of the gateway's own: it is noon. */
export const clockTool = (name = "clock") =>
  plugin("clock", (vr) =>
    vr.tools.add({
      name,
      description: "Tells the time.",
      parameters: { type: "object", properties: {} },
      execute: () => ({ kind: "output", output: "noon" }),
    }),
  );
