import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../../core/index.ts";
import { callResult, readTool, toolList } from "./answers.ts";
import { speakItsVersion } from "./protocol-version.ts";
import {
  Client,
  McpError,
  StreamableHTTPError,
  ToolListChangedNotificationSchema,
  type Transport,
} from "./sdk.ts";
import {
  CallFailed,
  type CallResult,
  CONNECTION_CLOSED,
  INVALID,
  type ServerTool,
  type Session,
  type SessionLimits,
} from "./session.ts";
import { isSessionLost, mayBeOfSession } from "./session-lost.ts";

export interface OpenOptions extends SessionLimits {
  /** Called for what happens besides calls: lines of standard error, invalid messages. May contain secrets. */
  onNote(note: string): void;
}

/** A transport, and what it knows besides the messages. */
export interface Link {
  transport: Transport;
  /** The protocol version to offer; the SDK's latest by default. */
  version?: string | undefined;
  /** Why the connection ended, if the transport knows. */
  ending?(): string | undefined;
  farewell?(): Promise<void>;
}

const CLIENT = { name: "vr-gateway", version: "1" };

/** Most pages and tools of `tools/list`, for servers that never end their list. */
const MAX_PAGES = 100;
const MAX_TOOLS = 2_000;
/** Most characters of a list, since it is shown, stored and sent to the model. */
const MAX_LIST_CHARACTERS = 4_000_000;
/** Milliseconds before tools that change all the time are listed again. */
const RELIST_MS = 1_000;
/** Milliseconds for the request that ends a session. */
const FAREWELL_MS = 1_000;

/** A session on the SDK's client. */
export class ClientSession implements Session {
  tools: readonly ServerTool[] = [];
  serverInfo: Session["serverInfo"];
  readonly #client = new Client(CLIENT, { capabilities: {} });
  readonly #link: Link;
  readonly #options: OpenOptions;
  readonly #onEnd: ((reason: string) => void)[] = [];
  #ended: string | undefined;
  /** Whether the server has changed its tools since they were listed. */
  #isStale = false;
  #isListing = false;
  #openCalls = 0;
  #isRetired = false;
  #closed: Promise<void> | undefined;

  constructor(link: Link, options: OpenOptions) {
    this.#link = link;
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { connectTimeoutMs, onNote } = this.#options;
    this.#client.onerror = (error) => onNote(kept(error.message));
    this.#client.onclose = () => this.#end(this.#link.ending?.() ?? "closed the connection");
    this.#client.setNotificationHandler(ToolListChangedNotificationSchema, () => this.#listAgain());
    speakItsVersion(this.#link.transport, this.#link.version);
    try {
      await whileHeard(signal, async (own) => {
        await this.#client.connect(this.#link.transport, { signal: own, timeout: connectTimeoutMs });
        const info = this.#client.getServerVersion();
        this.serverInfo = info && { name: info.name, version: info.version };
        await this.#list(own);
      });
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async #list(signal?: AbortSignal): Promise<void> {
    // By name, since a server may list a tool twice.
    const tools = new Map<string, ServerTool>();
    if (!this.#client.getServerCapabilities()?.tools) return;
    let cursor: string | undefined;
    const seen = new Set<unknown>();
    let characters = 0;
    for (let page = 0; page < MAX_PAGES && tools.size < MAX_TOOLS; page++) {
      const params = cursor === undefined ? {} : { cursor };
      const options = { timeout: this.#options.connectTimeoutMs, ...(signal && { signal }) };
      const answer = await this.#client.request({ method: "tools/list", params }, toolList, options);
      const read = answer.tools.flatMap((entry) => readTool(entry) ?? []);
      characters += JSON.stringify(read).length;
      if (characters > MAX_LIST_CHARACTERS) {
        this.#options.onNote(
          `tools/list has more than ${MAX_LIST_CHARACTERS} characters: the rest was left out`,
        );
        break;
      }
      for (const tool of read) tools.set(tool.name, tool);
      const next = answer.nextCursor;
      // Some servers end a list with null or an empty cursor; some never end it and repeat an earlier cursor.
      if (typeof next !== "string" || next === "" || seen.has(next)) break;
      seen.add(next);
      cursor = next;
    }
    this.tools = [...tools.values()].slice(0, MAX_TOOLS);
  }

  /** Lists the tools again after a change: one request at a time, at most once a second. */
  async #listAgain(): Promise<void> {
    this.#isStale = true;
    if (this.#isListing) return;
    this.#isListing = true;
    try {
      while (this.#isStale && this.#ended === undefined) {
        this.#isStale = false;
        await this.#list();
        await sleep(RELIST_MS, undefined, { ref: false });
      }
    } catch (error) {
      this.#options.onNote(`tools/list: ${(error as Error).message}`);
    } finally {
      this.#isListing = false;
    }
  }

  async call(name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<CallResult> {
    const request = { method: "tools/call", params: { name, arguments: args } } as const;
    this.#openCalls++;
    try {
      const result = await whileHeard(signal, (own) =>
        this.#client.request(request, callResult, {
          signal: own,
          timeout: this.#options.callTimeoutMs,
          resetTimeoutOnProgress: true,
          onprogress: () => {}, // asks for progress, which keeps the call alive
        }),
      );
      return { ...result, isError: result.isError ?? undefined };
    } catch (error) {
      signal.throwIfAborted();
      throw this.#explain(error);
    } finally {
      this.#openCalls--;
      if (this.#isRetired) this.retire();
    }
  }

  /** Turns an error of the SDK or the transport into one that may be shown. */
  #explain(error: unknown): Error {
    const hasSession = this.#client.transport?.sessionId !== undefined;
    if (error instanceof StreamableHTTPError && error.code !== undefined) {
      const said = error.message.replace(/^Streamable HTTP error: (Error POSTing to endpoint: )?/, "");
      // The SDK's code for an answer that is neither JSON nor a stream.
      if (error.code < 0) return new CallFailed("protocol", INVALID, kept(said), { cause: error });
      return new CallFailed("http", error.code, kept(`The server answered ${error.code}: ${said}`), {
        cause: error,
        sessionLost: hasSession && isSessionLost(error.code, said),
      });
    }
    if (error instanceof McpError) {
      const ended = error.code === CONNECTION_CLOSED && this.#ended;
      const message = ended ? `The server ${ended}` : error.message.replace(/^MCP error -?\d+: /, "");
      const sessionLost = hasSession && mayBeOfSession(error.code) && isSessionLost(undefined, message);
      return new CallFailed("protocol", error.code, kept(message), { cause: error, sessionLost });
    }
    if (/ZodError$/.test((error as Error).name))
      return new CallFailed("protocol", INVALID, "The server's answer does not follow the protocol.", {
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

  retire(): void {
    this.#isRetired = true;
    if (this.#openCalls === 0) void this.close();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const farewell = this.#link.farewell?.().catch(() => {});
    if (farewell && this.#ended === undefined) {
      const late = () => new Error("the request to end the session was not answered");
      await within({ ms: FAREWELL_MS, late }, farewell).catch(() => {});
    }
    await this.#client.close().catch(() => {});
    await this.#link.transport.close().catch(() => {});
    this.#end("was closed");
  }
}

/**
 * Runs with a separate signal. The SDK never stops listening to its signal: long after a request has been answered, it
 * would tell the server that the request is cancelled.
 */
async function whileHeard<T>(signal: AbortSignal, run: (own: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const own = new AbortController();
  const abort = () => own.abort("The caller has left.");
  signal.addEventListener("abort", abort);
  try {
    return await run(own.signal);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Most characters kept of a server's error message. Less is shown, after secrets are removed. */
const MOST_KEPT = 10_000;

function kept(message: string): string {
  return message.slice(0, MOST_KEPT);
}
