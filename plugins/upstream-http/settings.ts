import { type ChatQuirks, withQuirks } from "../dialect-chat/index.ts";
import type { ServerFamily } from "./family.ts";
import type { CheckedServerOptions } from "./options.ts";

/** What is needed to talk to one server. */
export interface ServerSettings extends Omit<CheckedServerOptions, "api" | "name" | "quirks"> {
  api: "chat" | "responses";
  name: string;
  origin: string;
  /** The base URL's path, without a slash at the end. */
  path: string;
  quirks: ChatQuirks;
  /** Removed from every error. */
  secrets: string[];
}

/** Combines the defaults of a server's family with the server's options. */
export function toSettings(family: ServerFamily, options: CheckedServerOptions): ServerSettings {
  const { origin, hostname, pathname } = new URL(options.baseUrl);
  const path = pathname.replace(/(?<!\/)\/+$/, "");
  return {
    ...options,
    api: options.api ?? (hostname === "api.openai.com" ? "responses" : "chat"),
    name: options.name ?? family.name,
    origin,
    path: /\/v\d[^/]*(\/|$)/.test(path) ? path : `${path}/v1`,
    quirks: withQuirks(family.quirks, options.quirks),
    secrets: [options.apiKey, ...Object.values(options.headers)].filter((secret) => secret !== undefined),
  };
}

/** The server's own root: the base URL's path without its version. */
export function rootOf({ path }: Pick<ServerSettings, "path">): string {
  return path.replace(/\/v\d[^/]*$/, "");
}
