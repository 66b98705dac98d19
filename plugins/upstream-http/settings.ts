import { type ChatQuirks, withQuirks } from "../dialect-chat/index.ts";
import type { ServerFamily } from "./family.ts";
import type { CheckedServerOptions } from "./options.ts";

/** How one server is talked to. */
export interface Settings extends Omit<CheckedServerOptions, "api" | "name" | "quirks"> {
  api: "chat" | "responses";
  name: string;
  origin: string;
  /** Of the base URL, without a slash at the end. */
  path: string;
  quirks: ChatQuirks;
  /** Never to be seen in an error. */
  secrets: string[];
}

/** A server's options over what its family has in common. */
export function toSettings(family: ServerFamily, options: CheckedServerOptions): Settings {
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
export function rootOf({ path }: Pick<Settings, "path">): string {
  return path.replace(/\/v\d[^/]*$/, "");
}
