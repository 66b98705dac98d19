import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** One request as the server received it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON body; `undefined` without one. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever they expect to have been sent.
  readonly body: any;
  /** The body as it came. */
  readonly raw: string;
  /** Resolves when the exchange is over; "aborted" if the client left before the answer was complete. */
  readonly closed: Promise<"complete" | "aborted">;
}

export interface Exchange {
  readonly request: ReceivedRequest;
  readonly response: ServerResponse;
  readonly socket: Socket;
}

/** How the server answers one request. Whoever writes a function ends the response itself. */
export type Script = (exchange: Exchange) => void | Promise<void>;

/**
 * One step of a stream: text or bytes as they are, an object as the JSON of one `data:` event, a promise to
 * await before going on. Steps between two promises leave in one write.
 */
export type Step =
  | string
  | Uint8Array
  | object
  | Promise<unknown>
  | typeof RESET
  | typeof HANG
  | typeof LATER;

/** Destroys the connection. */
export const RESET = Symbol("reset");
/** Leaves the response open for ever. */
export const HANG = Symbol("hang");
/** Lets the event loop turn twice, so that what was written so far leaves on its own. */
export const LATER = Symbol("later");
export const DONE = "data: [DONE]\n\n";

export interface ChatServer {
  /** With `/v1`. */
  readonly url: string;
  /** Chat requests, in the order of arrival; GET requests are in `gets`. */
  readonly requests: ReceivedRequest[];
  readonly gets: ReceivedRequest[];
  /** What was asked of a server's own API, below `/api`, with any method. */
  readonly asides: ReceivedRequest[];
  /** Answers other requests. Default: 404. */
  replyAside(script: Script): void;
  /** Scripts for the next chat requests, one each; the last one stays. */
  reply(...scripts: Script[]): void;
  /** Answers `GET /v1/models`. Default: a list with the model "test-model". */
  replyModels(script: Script): void;
  /** Resolves with the `count`-th chat request (from 1) once it has arrived. */
  received(count: number): Promise<ReceivedRequest>;
  /** Connections accepted so far. */
  readonly connections: number;
  close(): Promise<void>;
}

export interface ChatServerOptions {
  /** What every chat request meets first; a script answers in place of the next one, which stays. */
  guard?: (request: ReceivedRequest) => Script | undefined;
  /** What is said until something else is to be. */
  first?: Script;
  /** Default: a free port. */
  port?: number | undefined;
}

/** A real HTTP server on loopback that answers chat completions as it is told. */
export async function createChatServer(options: ChatServerOptions = {}): Promise<ChatServer> {
  const requests: ReceivedRequest[] = [];
  const gets: ReceivedRequest[] = [];
  const asides: ReceivedRequest[] = [];
  let aside: Script = plain("404 page not found", 404);
  const scripts: Script[] = [];
  const waiting: { count: number; resolve: (request: ReceivedRequest) => void }[] = [];
  let current: Script = options.first ?? answer({ text: "Hello from the model." });
  let models: Script = json({
    object: "list",
    data: [{ id: "test-model", object: "model", created: 1700000000, owned_by: "test" }],
  });
  let connections = 0;

  const server = createServer((incoming, response) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const raw = Buffer.concat(parts).toString();
      const request: ReceivedRequest = {
        method: incoming.method ?? "",
        path: incoming.url ?? "",
        headers: incoming.headers,
        raw,
        body: raw === "" ? undefined : JSON.parse(raw),
        closed: new Promise((resolve) =>
          response.on("close", () => resolve(response.writableFinished ? "complete" : "aborted")),
        ),
      };
      if (request.path.startsWith("/api/") && request.path !== "/api/version") {
        asides.push(request);
        void aside({ request, response, socket: incoming.socket });
        return;
      }
      if (request.method === "GET") {
        gets.push(request);
        void models({ request, response, socket: incoming.socket });
        return;
      }
      requests.push(request);
      for (const waiter of waiting) if (requests.length === waiter.count) waiter.resolve(request);
      const refusal = options.guard?.(request);
      if (refusal === undefined) current = scripts.shift() ?? current;
      void (refusal ?? current)({ request, response, socket: incoming.socket });
    });
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    gets,
    asides,
    replyAside: (script) => {
      aside = script;
    },
    reply: (...next) => void scripts.push(...next),
    replyModels: (script) => {
      models = script;
    },
    received: (count) =>
      new Promise((resolve) => {
        const already = requests[count - 1];
        if (already) resolve(already);
        else waiting.push({ count, resolve });
      }),
    get connections() {
      return connections;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A JSON body with a status. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Script {
  return plain(JSON.stringify(body), status, { "content-type": "application/json", ...headers });
}

/** Any body with a status. */
export function plain(body: string, status = 200, headers: Record<string, string> = {}): Script {
  return ({ response }) => {
    response.writeHead(status, headers).end(body);
  };
}

/** An event stream made of steps; it ends after the last, without `[DONE]` unless a step says it. */
export function stream(...steps: Step[]): Script {
  return async ({ response, socket }) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.flushHeaders();
    let pending: Buffer[] = [];
    const flush = () => {
      if (pending.length > 0) response.write(Buffer.concat(pending));
      pending = [];
    };
    for (const step of steps) {
      if (step instanceof Promise) {
        flush();
        await step;
      } else if (step === LATER) {
        flush();
        await turns();
      } else if (step === RESET) {
        flush();
        // The bytes written so far leave first; then a reset instead of an orderly end.
        await turns();
        socket.resetAndDestroy();
        return;
      } else if (step === HANG) {
        flush();
        return;
      } else pending.push(toBytes(step));
    }
    flush();
    response.end();
  };
}

function toBytes(step: Exclude<Step, Promise<unknown> | symbol>): Buffer {
  if (typeof step === "string") return Buffer.from(step);
  if (step instanceof Uint8Array) return Buffer.from(step);
  return Buffer.from(`data: ${JSON.stringify(step)}\n\n`);
}

/** A recorded stream of `test/fixtures/streams`, in writes of `size` bytes when given. */
export function fixture(name: string, size?: number): Script {
  const bytes = fixtureBytes(name);
  if (size === undefined) return stream(bytes);
  const steps: Step[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    steps.push(bytes.subarray(at, at + size), LATER);
  }
  return stream(...steps);
}

/** An answer of `test/fixtures/streams` that came as one, with its status if it is an error. */
export function wholeFixture(name: string): Script {
  const url = new URL(`../fixtures/streams/${name}.json`, import.meta.url);
  const recorded = JSON.parse(readFileSync(url, "utf8"));
  return "status" in recorded ? json(recorded.body, recorded.status) : json(recorded);
}

export function fixtureBytes(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/streams/${name}.sse`, import.meta.url));
}

async function turns(): Promise<void> {
  for (let i = 0; i < 2; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** One `chat.completion.chunk`. */
export function chunk(delta: object, finish: string | null = null): object {
  return {
    id: "chatcmpl-test",
    object: "chat.completion.chunk",
    created: 1700000000,
    model: "test-model",
    choices: [{ index: 0, delta, finish_reason: finish }],
  };
}

/** The chunk with empty `choices` that carries the usage. */
export function usageChunk(input: number, output: number): object {
  return { ...chunk({}), choices: [], usage: usage(input, output) };
}

export function usage(input: number, output: number): object {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

export interface Answer {
  text?: string;
  reasoning?: string;
  calls?: { id?: string; name: string; args: object | string }[];
  finish?: string;
  usage?: [input: number, output: number];
}

/** A whole answer, streamed (one word per delta) or not, as the request asks. */
export function answer(content: Answer): Script {
  return (exchange) => {
    const calls = (content.calls ?? []).map((call, index) => ({
      index,
      id: call.id ?? `call_${index}`,
      type: "function",
      function: {
        name: call.name,
        arguments: typeof call.args === "string" ? call.args : JSON.stringify(call.args),
      },
    }));
    const finish = content.finish ?? (calls.length > 0 ? "tool_calls" : "stop");
    const [input, output] = content.usage ?? [10, 5];
    if (exchange.request.body?.stream === true) {
      const words = (text = "") => text.match(/\s*\S+\s*/g) ?? (text === "" ? [] : [text]);
      return stream(
        chunk({ role: "assistant", content: "" }),
        ...words(content.reasoning).map((word) => chunk({ reasoning_content: word })),
        ...words(content.text).map((word) => chunk({ content: word })),
        ...calls.map((call) => chunk({ tool_calls: [call] })),
        chunk({}, finish),
        usageChunk(input, output),
        DONE,
      )(exchange);
    }
    const message = {
      role: "assistant",
      content: content.text ?? null,
      ...(content.reasoning === undefined ? {} : { reasoning_content: content.reasoning }),
      ...(calls.length === 0 ? {} : { tool_calls: calls.map(({ index: _, ...call }) => call) }),
    };
    return json({
      id: "chatcmpl-test",
      object: "chat.completion",
      created: 1700000000,
      model: "test-model",
      choices: [{ index: 0, message, finish_reason: finish }],
      usage: usage(input, output),
    })(exchange);
  };
}
