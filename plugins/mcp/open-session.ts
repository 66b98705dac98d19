import { untilAborted } from "../../core/index.ts";
import { boundFetch } from "./bounded-fetch.ts";
import { ClientSession, type Link, type OpenOptions } from "./client-session.ts";
import { paceStreams } from "./paced-fetch.ts";
import { versionAfter } from "./protocol-version.ts";
import {
  LATEST_PROTOCOL_VERSION,
  loadSseTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from "./sdk.ts";
import { type Address, CallFailed, type Session } from "./session.ts";
import { StdioTransport } from "./stdio-transport.ts";

/** Connects and lists the tools. @throws CallFailed, or the connection's error */
export async function openSession(
  address: Address,
  options: OpenOptions,
  signal: AbortSignal,
): Promise<Session> {
  const tried = [LATEST_PROTOCOL_VERSION];
  for (;;) {
    const version = tried.at(-1);
    try {
      return await openOffering(version, address, options, signal);
    } catch (error) {
      const next = signal.aborted ? undefined : versionAfter(error, tried);
      if (next === undefined) throw error;
      tried.push(next);
    }
  }
}

/** Opens a session and offers this version of the protocol. */
async function openOffering(
  version: string | undefined,
  address: Address,
  options: OpenOptions,
  signal: AbortSignal,
): Promise<Session> {
  const connect = (link: Link) => open({ ...link, version }, options, signal);
  if (address.kind === "stdio") return connect(stdioLink(address, options));
  if (address.sse) return connect(await sseLink(address, options));
  try {
    return await connect(streamableLink(address, options));
  } catch (error) {
    const isOlder = isOlderServer(error) && versionAfter(error, []) === undefined;
    if (!isOlder || signal.aborted) throw error;
    return connect(await sseLink(address, options)).catch(() => {
      throw error; // not an older server, so the first error is the relevant one
    });
  }
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
  const bounded = boundFetch(paceStreams(address.fetch ?? fetch), options.messageBytes);
  const transport = new StreamableHTTPClientTransport(new URL(address.url), {
    fetch: bounded.fetch,
    requestInit: { headers: { ...address.headers } },
  });
  bounded.onFailed = (answer) => (transport as Transport).onmessage?.(answer);
  return { transport: transport as Transport, farewell: () => transport.terminateSession() };
}

async function sseLink(address: Address & { kind: "http" }, options: OpenOptions): Promise<Link> {
  const SSEClientTransport = await loadSseTransport();
  const transport = new SSEClientTransport(new URL(address.url), {
    fetch: boundFetch(address.fetch ?? fetch, options.messageBytes).fetch,
    requestInit: { headers: { ...address.headers } },
  });
  // Otherwise the SDK would open another stream, without a session, in which no open call is answered.
  transport.onerror = () => void transport.close();
  return { transport: transport as Transport };
}

/** Whether a server answers a POST to its stream's address like one with the older transport. */
function isOlderServer(error: unknown): boolean {
  return error instanceof CallFailed && error.kind === "http" && [400, 404, 405].includes(error.code);
}

async function open(link: Link, options: OpenOptions, signal: AbortSignal): Promise<Session> {
  const session = new ClientSession(link, options);
  try {
    // Some of the SDK's steps while connecting do not obey a signal.
    await untilAborted(session.start(signal), signal);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}
