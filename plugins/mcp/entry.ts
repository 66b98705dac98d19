import { z } from "zod";
import { checkRequest, InvalidRequestError, type ToolEntry, type wire } from "../../core/index.ts";
import { type Approval, allowedSchema, approvalSchema, type ToolFilter } from "./filter.ts";
import { LABEL } from "./server-config.ts";

export type McpEntry = Extract<ToolEntry, { type: "mcp" }>;

/** A checked entry of `tools[]`. OpenAI API: `MCPTool`. */
export interface WantedServer {
  label: string;
  /** Present (and not empty) if the request brings its own server. */
  url?: string | undefined;
  /** The server's credentials, with `authorization`. */
  headers: Readonly<Record<string, string>>;
  allowed?: ToolFilter | undefined;
  approval?: Approval | undefined;
  description?: string | undefined;
}

/** Most headers of an entry, and most characters of their names and values: about what servers accept. */
const MOST_HEADERS = 100;
const MOST_HEADER_CHARACTERS = 16_384;
/** Headers about a message's length and its connection, which other requests may use next. */
const OF_THE_CONNECTION = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Keys that may hold credentials, in URLs too. */
const SECRET = ["server_url", "authorization", "headers"];

const schema = z.looseObject({
  server_label: z.string().regex(LABEL).max(200),
  server_url: z.string().max(8_192).nullish(),
  authorization: z.string().nullish(),
  headers: z.record(z.string(), z.string()).nullish(),
  allowed_tools: allowedSchema.nullish(),
  require_approval: approvalSchema.nullish(),
  server_description: z.string().nullish(),
});

/** @throws InvalidRequestError that names the key */
export function readEntry(entry: McpEntry): WantedServer {
  refuse(entry, "connector_id", "OpenAI's connectors are not available here; name a server with server_url");
  refuse(entry, "tunnel_id", "tunnels are not available here; name a server with server_url");
  const checked = checkRequest(schema, entry, { secret: SECRET });
  const { server_label: label, server_url: url, allowed_tools: allowed } = checked;
  const headers = toHeaders(checked.headers, checked.authorization);
  if (!url && Object.keys(headers).length > 0)
    throw new InvalidRequestError(
      `The server "${label}" is the gateway's own and has its credentials: send authorization and headers only with server_url.`,
      { param: checked.authorization == null ? "headers" : "authorization" },
    );
  return {
    label,
    // The AI SDK always sends a URL, so an empty one counts as absent.
    url: url || undefined,
    headers,
    allowed: toFilter(allowed),
    approval: checked.require_approval ?? undefined,
    description: checked.server_description ?? undefined,
  };
}

/** A list is a filter by names. An empty filter allows all tools. */
function toFilter(allowed: readonly string[] | ToolFilter | null | undefined): ToolFilter | undefined {
  if (Array.isArray(allowed)) return { tool_names: allowed };
  return allowed && Object.keys(allowed).length > 0 ? (allowed as ToolFilter) : undefined;
}

function refuse(entry: McpEntry, key: keyof wire.MCPTool, message: string): void {
  if (entry[key] != null) throw new InvalidRequestError(message, { param: key });
}

/** The headers with `authorization`, an access token. If it names a scheme, it is sent unchanged. */
function toHeaders(
  headers: Record<string, string> | null | undefined,
  authorization: string | null | undefined,
): Record<string, string> {
  const all = { ...headers };
  const own = Object.keys(all).find((name) => name.toLowerCase() === "authorization");
  if (authorization) {
    if (own)
      throw new InvalidRequestError("Send either authorization or headers.Authorization, not both.", {
        param: "authorization",
      });
    all.Authorization = /\s/.test(authorization.trim())
      ? authorization.trim()
      : `Bearer ${authorization.trim()}`;
  }
  for (const [name, value] of Object.entries(all)) {
    const param = authorization && name === "Authorization" ? "authorization" : "headers";
    if (OF_THE_CONNECTION.has(name.toLowerCase()))
      throw new InvalidRequestError(`the header "${name}" is set by the gateway`, { param });
    try {
      new Headers({ [name]: value });
    } catch {
      throw new InvalidRequestError(`${param} has a name or value that is not valid in a header`, { param });
    }
  }
  refuseTooMany(all);
  return all;
}

function refuseTooMany(headers: Readonly<Record<string, string>>): void {
  const all = Object.entries(headers);
  const characters = all.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (all.length > MOST_HEADERS || characters > MOST_HEADER_CHARACTERS)
    throw new InvalidRequestError(
      `headers and authorization have more than ${MOST_HEADERS} headers, or ${MOST_HEADER_CHARACTERS} characters`,
      { param: "headers" },
    );
}
