/**
 * The only file that knows the SDK: everything else speaks of `Session`s. Loaded at the first connection.
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  StreamableHTTPClientTransport,
  StreamableHTTPError,
} from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { McpError, ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { type BoundedFetch, boundFetch } from "./bounded-fetch.ts";
import {
  type Address,
  CallFailed,
  type CallResult,
  CONNECTION_CLOSED,
  type ServerTool,
  type Session,
  type SessionLimits,
} from "./session.ts";
import { StdioTransport } from "./stdio-transport.ts";

export interface OpenOptions extends SessionLimits {
  /** What happens beside the calls: lines of standard error, messages that are none. May hold secrets. */
  onNote(note: string): void;
}

const CLIENT = { name: "vr-gateway", version: "1" };

/** Pages and tools of `tools/list`: a server that never ends its list is not read for ever. */
const MAX_PAGES = 100;
const MAX_TOOLS = 2_000;
/** Milliseconds for a session's own farewell. */
const FAREWELL_MS = 1_000;

// Looser than the SDK's: a tool or a part that is odd costs itself, not the whole list or result.
const listed = z.looseObject({
  tools: z.array(z.unknown()),
  nextCursor: z.string().optional(),
});
const tool = z.looseObject({
  name: z.string().min(1).max(512),
  description: z.string().nullish(),
  inputSchema: z.record(z.string(), z.unknown()).nullish(),
  annotations: z.record(z.string(), z.unknown()).nullish(),
});
const called = z.looseObject({
  content: z.array(z.looseObject({ type: z.string() })).default([]),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().nullish(),
});

/** Connects and lists the tools. @throws CallFailed, or what the connection says */
export async function openSession(
  address: Address,
  options: OpenOptions,
  signal: AbortSignal,
): Promise<Session> {
  if (address.kind === "stdio") return open(stdioLink(address, options), options, signal);
  if (address.sse) return open(await sseLink(address, options), options, signal);
  try {
    return await open(streamableLink(address, options), options, signal);
  } catch (error) {
    if (!isOlderServer(error) || signal.aborted) throw error;
    return open(await sseLink(address, options), options, signal);
  }
}

/** A transport, and what it knows beside the messages. */
interface Link {
  transport: Transport;
  /** Why it ended, where it knows. */
  ending?(): string | undefined;
  farewell?(): Promise<void>;
}

function stdioLink(address: Address & { kind: "stdio" }, { messageBytes, onNote }: OpenOptions): Link {
  const { kind: _, ...program } = address;
  let last: string | undefined;
  const onStderr = (line: string) => {
    last = line;
    onNote(line);
  };
  const transport = new StdioTransport({ ...program, messageBytes, onStderr });
  return {
    transport: transport as Transport,
    ending: () => [transport.ending ?? "ended", ...(last ? [`its last words: ${last}`] : [])].join("; "),
  };
}

function streamableLink(address: Address & { kind: "http" }, options: OpenOptions): Link {
  const bounded = boundFetch(address.fetch ?? fetch, options.messageBytes);
  const transport = new StreamableHTTPClientTransport(new URL(address.url), {
    fetch: bounded.fetch,
    requestInit: { headers: { ...address.headers } },
  });
  failLost(transport as Transport, bounded);
  return { transport: transport as Transport, farewell: () => transport.terminateSession() };
}

async function sseLink(address: Address & { kind: "http" }, options: OpenOptions): Promise<Link> {
  const { SSEClientTransport } = await import("@modelcontextprotocol/sdk/client/sse.js");
  const transport = new SSEClientTransport(new URL(address.url), {
    fetch: boundFetch(address.fetch ?? fetch, options.messageBytes).fetch,
    requestInit: { headers: { ...address.headers } },
  });
  return { transport: transport as Transport };
}

/** An answer's stream that ended without the answer: the SDK would wait for it until the call's time is over. */
function failLost(transport: Transport, bounded: BoundedFetch): void {
  bounded.onLost = (id, message) => {
    const error = { code: CONNECTION_CLOSED, message };
    transport.onmessage?.({ jsonrpc: "2.0", id, error });
  };
}

/** Servers of the older transport answer a POST to their stream's address so. */
function isOlderServer(error: unknown): boolean {
  return error instanceof StreamableHTTPError && [400, 404, 405].includes(error.code ?? 0);
}

async function open(link: Link, options: OpenOptions, signal: AbortSignal): Promise<Session> {
  const session = new SdkSession(link, options);
  try {
    await session.start(signal);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

class SdkSession implements Session {
  tools: readonly ServerTool[] = [];
  serverInfo: Session["serverInfo"];
  readonly #client = new Client(CLIENT, { capabilities: {} });
  readonly #link: Link;
  readonly #options: OpenOptions;
  readonly #onEnd: ((reason: string) => void)[] = [];
  #ended: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(link: Link, options: OpenOptions) {
    this.#link = link;
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { connectTimeoutMs, onNote } = this.#options;
    this.#client.onerror = (error) => onNote(shortened(error.message));
    this.#client.onclose = () => this.#end(this.#link.ending?.() ?? "the connection ended");
    this.#client.setNotificationHandler(ToolListChangedNotificationSchema, () => this.#listAgain());
    try {
      await this.#client.connect(this.#link.transport, { signal, timeout: connectTimeoutMs });
      const info = this.#client.getServerVersion();
      this.serverInfo = info && { name: info.name, version: info.version };
      await this.#list(signal);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async #list(signal?: AbortSignal): Promise<void> {
    const tools: ServerTool[] = [];
    if (!this.#client.getServerCapabilities()?.tools) return;
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES && tools.length < MAX_TOOLS; page++) {
      const params = cursor === undefined ? {} : { cursor };
      const options = { timeout: this.#options.connectTimeoutMs, ...(signal && { signal }) };
      const answer = await this.#client.request({ method: "tools/list", params }, listed, options);
      tools.push(...answer.tools.flatMap((entry) => this.#read(entry)));
      cursor = answer.nextCursor;
      if (cursor === undefined) break;
    }
    this.tools = tools.slice(0, MAX_TOOLS);
  }

  #read(entry: unknown): ServerTool[] {
    const parsed = tool.safeParse(entry);
    if (!parsed.success) {
      this.#options.onNote("a tool in the server's list is none");
      return [];
    }
    const { name, description, inputSchema, annotations } = parsed.data;
    return [
      {
        name,
        description: description ?? undefined,
        inputSchema: inputSchema ?? { type: "object", properties: {} },
        annotations: annotations ?? undefined,
      },
    ];
  }

  #listAgain(): void {
    this.#list().catch((error: unknown) => this.#options.onNote(`tools/list: ${(error as Error).message}`));
  }

  async call(name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<CallResult> {
    signal.throwIfAborted();
    // The SDK listens to its signal for ever: this one is of the call alone.
    const own = new AbortController();
    const abort = () => own.abort("The caller has left.");
    signal.addEventListener("abort", abort);
    try {
      const result = await this.#client.request(
        { method: "tools/call", params: { name, arguments: args } },
        called,
        {
          signal: own.signal,
          timeout: this.#options.callTimeoutMs,
          resetTimeoutOnProgress: true,
          onprogress: () => {}, // asked for, since it keeps the call alive
        },
      );
      return { ...result, isError: result.isError ?? undefined };
    } catch (error) {
      signal.throwIfAborted();
      throw this.#explain(error);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** What the SDK or the transport threw, as something that can be told. */
  #explain(error: unknown): Error {
    if (error instanceof StreamableHTTPError && error.code !== undefined) {
      const hasSession = this.#client.transport?.sessionId !== undefined;
      const said = error.message.replace(/^Streamable HTTP error: (Error POSTing to endpoint: )?/, "");
      return new CallFailed("http", error.code, shortened(`The server answered ${error.code}: ${said}`), {
        cause: error,
        sessionLost: error.code === 404 && hasSession,
      });
    }
    if (error instanceof McpError) {
      const ended = error.code === CONNECTION_CLOSED && this.#ended;
      const message = ended ? `The server ${ended}` : error.message.replace(/^MCP error -?\d+: /, "");
      return new CallFailed("protocol", error.code, shortened(message), { cause: error });
    }
    if (/ZodError$/.test((error as Error).name))
      return new CallFailed("protocol", -32_600, "The server's answer is not what the protocol says.", {
        cause: error,
      });
    return error as Error;
  }

  onEnd(run: (reason: string) => void): void {
    if (this.#ended === undefined) this.#onEnd.push(run);
    else run(this.#ended);
  }

  #end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    for (const run of this.#onEnd) run(reason);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const farewell = this.#link.farewell?.().catch(() => {});
    if (farewell && this.#ended === undefined) {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, FAREWELL_MS);
      await Promise.race([farewell, late.promise]);
      clearTimeout(timer);
    }
    await this.#client.close().catch(() => {});
    await this.#link.transport.close().catch(() => {});
    this.#end("was closed");
  }
}

/** Characters of what a server says of a failure. */
const MOST_SAID = 2_000;

function shortened(message: string): string {
  return message.length > MOST_SAID ? `${message.slice(0, MOST_SAID)}…` : message;
}
