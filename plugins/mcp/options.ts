import { z } from "zod";
import { type Settings, setting, trueOrFalse } from "../../core/index.ts";
import type { Connect, Resolver } from "../remote-policy/index.ts";
import { approvalSchema, filterSchema } from "./filter.ts";
import { serverSchema } from "./server-config.ts";

export { approvalSchema, filterSchema };

const milliseconds = z.number().int().positive();
const count = z.number().int().positive();
const isFunction = (value: unknown) => typeof value === "function";

export const options = z.object({
  /** A file with `mcpServers`, relative to the working directory. `VR_MCP_CONFIG_PATH` takes its place. */
  config: z.string().min(1).optional(),
  /** Servers by label, in the form of the file's `mcpServers`; added to those of the file. */
  servers: z.record(z.string(), serverSchema).default({}),
  /** Servers that requests name with `server_url`. */
  remote: z
    .strictObject({
      /** `VR_MCP_REQUEST_REMOTE_ENABLED` takes its place. */
      enabled: z.boolean().default(true),
      /** https and public addresses only. `VR_MCP_REQUEST_REMOTE_URL_CHECKS` takes its place. */
      urlChecks: z.boolean().default(true),
      /** If given, only these hosts are allowed. `*.example.com` means all subdomains. */
      allowHosts: z.array(z.string()).optional(),
      denyHosts: z.array(z.string()).optional(),
      /** PEM of the certificates to trust, instead of Node's own. */
      ca: z.string().optional(),
      /** Resolves host names instead of the name servers. Its addresses are checked too. */
      resolve: z.custom<Resolver>(isFunction, "expected a function").optional(),
      /** Opens the TCP connection to one of the checked addresses, instead of Node. */
      connect: z.custom<Connect>(isFunction, "expected a function").optional(),
      /** Milliseconds that an unused connection is kept. */
      idleMs: milliseconds.default(60_000),
      /** Most connections, used or not. */
      maxConnections: count.default(200),
      /** Most connections to one host, over all ports and paths. */
      maxConnectionsPerHost: count.default(100),
    })
    .prefault({}),
  /** Milliseconds to connect to a server and list its tools. `npx` may download the server first. */
  connectTimeoutMs: milliseconds.default(30_000),
  /** Milliseconds that a request waits for a server that is still connecting. */
  waitMs: milliseconds.default(10_000),
  /** Milliseconds that a call may take without a progress notification. `timeouts.toolMs` limits the whole call. */
  callTimeoutMs: milliseconds.default(120_000),
  /** Milliseconds before a failed server is tried again; doubled with each attempt. */
  reconnectMinMs: milliseconds.default(1_000),
  /** Most milliseconds between attempts. */
  reconnectMaxMs: milliseconds.default(60_000),
  /** Most bytes of one message of a server, such as a result. A larger one fails its call. */
  messageBytes: count.default(16 * 1024 * 1024),
});

export const settings = {
  VR_MCP_CONFIG_PATH: setting({
    schema: z.string(),
    help: 'file of MCP servers, as MCP clients share it: {"mcpServers": {…}}',
  }),
  VR_MCP_REQUEST_REMOTE_ENABLED: setting({
    schema: trueOrFalse,
    help: "false: requests name no MCP servers with server_url (true)",
  }),
  VR_MCP_REQUEST_REMOTE_URL_CHECKS: setting({
    schema: trueOrFalse,
    help: "false: such servers may be anywhere, http and this host too (true)",
  }),
};

/** `vr.settings`, as this plugin reads it. */
export type McpSettings = Settings<typeof settings>;

export type Options = z.output<typeof options>;
