import type { IncomingHttpHeaders } from "node:http";

/** "nobody": there is no connection, or no HTTP. "silent": there is a connection, but no answer in time. */
export type Said =
  | { type: "answer"; status: number; headers: IncomingHttpHeaders; json: unknown }
  | { type: "nobody" }
  | { type: "silent" };

/** Most bytes read of an answer. Lists of models are shorter, and a web page may be endless. */
const MAX_BYTES = 1_048_576;

/** Sends one GET and follows no redirects. Never rejects: an error is also a result. */
export async function ask(url: string, signal: AbortSignal, apiKey?: string): Promise<Said> {
  // Not imported, since then Node would load its own HTTP client at every start.
  const { request } = process.getBuiltinModule(url.startsWith("https:") ? "node:https" : "node:http");
  const { promise, resolve } = Promise.withResolvers<Said>();
  const headers = { accept: "application/json", ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) };
  let connected = false;
  const fail = () => resolve({ type: connected && signal.aborted ? "silent" : "nobody" });
  // Uses a connection of its own, so that none stays open at a server that is not chosen.
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

/** The value of a JSON text; `undefined` if it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
