import { createRequire } from "node:module";
import type { Dispatcher } from "undici";
import { hostOf } from "./host-rules.ts";
import { type ConnectionOptions, openConnection } from "./open-connection.ts";
import { plainErrors } from "./plain-errors.ts";

const require = createRequire(import.meta.url);

export interface AgentOptions extends ConnectionOptions {
  /** Milliseconds until the answer's headers. */
  answerTimeoutMs: number;
  /** Milliseconds without a byte of the body. */
  idleTimeoutMs: number;
}

export interface RemoteAgent {
  fetch: typeof import("undici").fetch;
  dispatcher: Dispatcher;
  /** Aborts running requests. */
  destroy(): Promise<void>;
}

/** Loads the HTTP client. It keeps connections by origin, so each serves only the host that it was checked for. */
export function createAgent(options: AgentOptions): RemoteAgent {
  const { Agent, fetch }: typeof import("undici") = require("undici");
  const agent = new Agent({
    connections: null,
    pipelining: 1,
    allowH2: false,
    headersTimeout: options.answerTimeoutMs,
    bodyTimeout: options.idleTimeoutMs,
    connect: ({ hostname, protocol, port }, done) => {
      const secure = protocol === "https:";
      // Does not use the client's `servername`, since a `host` header can set it.
      const origin = { host: hostOf({ hostname }), port: Number(port || (secure ? 443 : 80)), secure };
      openConnection(origin, options).then(
        (socket) => done(null, socket),
        (error) => done(error, null),
      );
    },
  });
  return { fetch, dispatcher: agent.compose(plainErrors), destroy: () => agent.destroy() };
}
