export type { Dialect, StreamReader } from "./dialect.ts";
export type { AskServer, Capabilities, ServerFamily } from "./family.ts";
export { createHttpUpstream, type HttpUpstream, useServer } from "./http-upstream.ts";
export { type CheckedServerOptions, type ServerOptions, serverOptions, serverOptionsAt } from "./options.ts";
