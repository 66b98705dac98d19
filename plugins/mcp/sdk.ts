/** The only file that names the SDK's modules, so that only this one changes if they move. */
export { Client } from "@modelcontextprotocol/sdk/client/index.js";
export {
  StreamableHTTPClientTransport,
  StreamableHTTPError,
} from "@modelcontextprotocol/sdk/client/streamableHttp.js";
export type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
export {
  isJSONRPCErrorResponse,
  isJSONRPCResultResponse,
  LATEST_PROTOCOL_VERSION,
  McpError,
  SUPPORTED_PROTOCOL_VERSIONS,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

/** The older transport, which few servers still need. */
export async function loadSseTransport() {
  const { SSEClientTransport } = await import("@modelcontextprotocol/sdk/client/sse.js");
  return SSEClientTransport;
}
