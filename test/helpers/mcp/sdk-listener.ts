import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, RequestListener } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

export interface SdkListener {
  /** A listener for an HTTP server that answers at every path. */
  readonly listener: RequestListener;
  /** The headers of every request, in order. */
  readonly received: readonly IncomingHttpHeaders[];
}

/** An MCP server as the SDK makes them, over Streamable HTTP with sessions. */
export function createSdkListener(): SdkListener {
  const received: IncomingHttpHeaders[] = [];
  const sessions = new Map<string, StreamableHTTPServerTransport>();

  async function transportOf(req: IncomingMessage): Promise<StreamableHTTPServerTransport> {
    const known = sessions.get(String(req.headers["mcp-session-id"]));
    if (known) return known;
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    // The SDK's class and its interface differ in what exactOptionalPropertyTypes tells apart.
    await createServer().connect(transport as Parameters<McpServer["connect"]>[0]);
    return transport;
  }

  return {
    received,
    listener: async (req, res) => {
      received.push(req.headers);
      await (await transportOf(req)).handleRequest(req, res);
    },
  };
}

function createServer(): McpServer {
  const server = new McpServer({ name: "sdk", version: "1" });
  const text = (words: string) => ({ content: [{ type: "text" as const, text: words }] });
  server.registerTool(
    "echo",
    { description: "Says it again.", inputSchema: { text: z.string() } },
    ({ text: words }) => text(words),
  );
  server.registerTool("complains", { description: "Fails, and quotes the token." }, ({ requestInfo }) => {
    throw new Error(`not accepted: ${requestInfo?.headers.authorization}`);
  });
  return server;
}
