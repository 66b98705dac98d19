export type { AskServer, Capabilities } from "./capabilities.ts";
export type { Dialect, StreamReader } from "./dialect.ts";
export { createHttpUpstream, type HttpUpstream, useServer } from "./http-upstream.ts";
export { type CheckedServerOptions, type ServerOptions, serverOptions, serverOptionsAt } from "./options.ts";
export type { ServerFamily } from "./settings.ts";
