import type { IncomingHttpHeaders } from "node:http";

/** "nobody": no connection, or none that speaks HTTP. "silent": a connection, but no answer in time. */
export type Said =
  | { type: "answer"; status: number; headers: IncomingHttpHeaders; json: unknown }
  | { type: "nobody" }
  | { type: "silent" };

/** Bytes of an answer that are read: lists of models are shorter, and a page may have no end. */
const MAX_BYTES = 1_048_576;

/** One GET, without following redirects. Never rejects: what goes wrong is an answer too. */
export async function ask(url: string, signal: AbortSignal, apiKey?: string): Promise<Said> {
  // Not imported: that would make Node load its own HTTP client with every start.
  const { request } = process.getBuiltinModule(url.startsWith("https:") ? "node:https" : "node:http");
  const { promise, resolve } = Promise.withResolvers<Said>();
  const headers = { accept: "application/json", ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) };
  let connected = false;
  const fail = () => resolve({ type: connected && signal.aborted ? "silent" : "nobody" });
  // A connection of its own: none is left open at a server that is not chosen.
  const asking = request(url, { signal, headers, agent: false });
  asking.on("socket", (socket) => socket.once("connect", () => (connected = true)));
  asking.on("error", fail);
  asking.on("response", (response) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on("error", fail);
    response.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > MAX_BYTES) response.destroy(new Error("too long"));
      else parts.push(part);
    });
    response.on("end", () => {
      const { statusCode: status = 0, headers } = response;
      resolve({ type: "answer", status, headers, json: parseJson(Buffer.concat(parts).toString()) });
    });
  });
  asking.end();
  return promise;
}

/** `undefined` for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
