import { randomUUID } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { answer } from "./odd-tools.ts";

type Json = Record<string, unknown>;

export interface HttpServerOptions {
  /** How calls are answered: as one JSON, as a stream of events, or by the older transport. */
  speaks?: "json" | "events" | "sse";
  /** The odd tools that it lists. Default: all. */
  tools?: readonly string[];
  /** Whether streams of events stay open behind the answer. */
  staysOpen?: boolean;
  /** The protocol version that it answers with; the client's by default. */
  version?: string;
  /** Answers this instead of what was asked; called for each request before anything else. */
  instead?(req: IncomingMessage, res: ServerResponse, body: Json | undefined): boolean;
}

export interface HttpMcpServer {
  /** URL of the MCP endpoint. */
  readonly url: string;
  readonly received: readonly { method: string; headers: IncomingHttpHeaders; body: Json | undefined }[];
  /** How often this JSON-RPC method was asked. */
  count(method: string): number;
  /** Resolves when a client has ended its session. */
  ended(): Promise<void>;
  /** Forgets all sessions, as a server does that has started anew. */
  forget(): void;
  close(): Promise<void>;
}

/** The odd tools over HTTP. Closes with the test. */
export async function startHttpServer(options: HttpServerOptions = {}): Promise<HttpMcpServer> {
  const { speaks = "json", tools, staysOpen = false } = options;
  let sayEnded = () => {};
  const ended = new Promise<void>((resolve) => {
    sayEnded = resolve;
  });
  const received: { method: string; headers: IncomingHttpHeaders; body: Json | undefined }[] = [];
  const sessions = new Set<string>();
  const cancelled: unknown[] = [];
  const streams = new Map<string, ServerResponse>();

  const server = createServer(async (req, res) => {
    const text = await textOf(req);
    const body = text ? (JSON.parse(text) as Json) : undefined;
    received.push({ method: req.method ?? "", headers: req.headers, body });
    if (options.instead?.(req, res, body)) return;
    if (speaks === "sse") return older(req, res, body);
    if (req.method === "DELETE") {
      sayEnded();
      return void res.writeHead(200).end();
    }
    if (req.method !== "POST" || !body) return void res.writeHead(405).end();
    const session = req.headers["mcp-session-id"];
    if (body.method === "initialize") {
      const id = randomUUID();
      sessions.add(id);
      res.setHeader("mcp-session-id", id);
    } else if (!sessions.has(String(session))) return void res.writeHead(404).end("no such session");
    if (options.version && body.method === "initialize")
      body.params = { ...(body.params as Json), protocolVersion: options.version };
    if (body.id === undefined) {
      await answer(body, { send: () => {}, die: () => {}, note: () => {}, cancelled });
      return void res.writeHead(202).end();
    }
    const isStream = speaks === "events";
    res.writeHead(200, { "content-type": isStream ? "text/event-stream" : "application/json" });
    res.flushHeaders();
    const send = (message: object | string) => {
      if (!isStream) {
        if (typeof message === "object" && "id" in message) res.end(JSON.stringify(message));
      } else {
        res.write(
          `event: message\ndata: ${typeof message === "string" ? message : JSON.stringify(message)}\n\n`,
        );
        if (typeof message === "object" && "id" in message && !staysOpen) res.end();
      }
    };
    await answer(body, { send, die: () => res.destroy(), note: () => {}, cancelled }, undefined, tools);
  });

  async function older(req: IncomingMessage, res: ServerResponse, body: Json | undefined) {
    const url = new URL(req.url ?? "/", "http://localhost");
    if (req.method === "GET") {
      const id = randomUUID();
      streams.set(id, res);
      res.writeHead(200, { "content-type": "text/event-stream" });
      return void res.write(`event: endpoint\ndata: /messages?id=${id}\n\n`);
    }
    const stream = streams.get(url.searchParams.get("id") ?? "");
    if (!stream || !body) return void res.writeHead(405).end();
    res.writeHead(202).end();
    const send = (message: object | string) =>
      void stream.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    await answer(body, { send, die: () => stream.destroy(), note: () => {}, cancelled });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    received,
    count: (method) => received.filter(({ body }) => body?.method === method).length,
    ended: () => ended,
    forget: () => sessions.clear(),
    close,
  };
}

async function textOf(req: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of req.setEncoding("utf8")) text += chunk;
  return text;
}

/** Has forgotten the session of a call "late", and says so once a call has come in a new session. */
export function forgetsLate(): NonNullable<HttpServerOptions["instead"]> {
  let old: unknown;
  let late: ServerResponse | undefined;
  return (req, res, body) => {
    if (body?.method !== "tools/call") return false;
    const session = req.headers["mcp-session-id"];
    old ??= session;
    if (session === old && JSON.stringify(body).includes('"late"')) {
      late = res;
      return true;
    }
    if (session !== old && late && !late.headersSent) late.writeHead(404).end("no such session");
    return false;
  };
}
