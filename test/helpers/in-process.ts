import { onTestFinished } from "vitest";
import { type ConfigInput, defineConfig } from "../../core/config.ts";
import type { ErrorEnvelope } from "../../core/errors.ts";
import { createGateway, type Gateway, type GatewayOptions } from "../../core/gateway.ts";
import type { Plugin } from "../../core/plugin.ts";
import type { ResponseEvent } from "../../core/protocol/events.ts";
import type { Response as ResponseObject } from "../../core/protocol/wire.ts";
import { storeSqlite } from "../../plugins/store-sqlite/index.ts";
import { expectValidError, expectValidEvent, expectValidResponse, expectValidStream } from "../wire/wire.ts";
import { type LoggedLine, recordingLog } from "./recording-log.ts";
import { collectSse, readSse } from "./sse.ts";

export interface InProcessOptions {
  plugins: readonly Plugin[];
  /** As `vr.config.ts` writes them. */
  routes?: ConfigInput["routes"];
  limits?: Partial<GatewayOptions["limits"]>;
  http?: Partial<GatewayOptions["http"]>;
  edge?: Partial<GatewayOptions["edge"]>;
  connections?: Partial<GatewayOptions["connections"]>;
  /** The address that the gateway listens on. Default: 127.0.0.1. */
  host?: string;
  /** Told of the gateway before it listens. */
  made?: (gateway: Gateway) => void;
  settings?: Partial<GatewayOptions["settings"]>;
  /** Variables that plugins declare; the store is in memory unless `VR_DB_PATH` says otherwise. */
  env?: Record<string, string>;
  /** Default: SQLite in memory. `null`: no store. */
  store?: Plugin | null;
}

/** An answer whose body has been checked against the schemas. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** @throws when the answer is an error */
  readonly response: ResponseObject;
  /** @throws when the answer is no error */
  readonly error: ErrorEnvelope["error"];
}

/** An answer that came as a stream, unless it is an error. */
export interface StreamedAnswer extends Answer {
  readonly events: readonly ResponseEvent[];
  readonly types: readonly string[];
}

/** A stream that is read step by step. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Reads to the next event of this type, and gives it. @throws when the stream ends before */
  until<T extends ResponseEvent["type"]>(type: T): Promise<Extract<ResponseEvent, { type: T }>>;
  /** Reads to the end. All events, those that were read before too, must make a valid stream. */
  rest(): Promise<StreamedAnswer>;
  /** Closes the connection in the middle. */
  leave(): void;
}

export interface InProcess {
  /** Without `/v1`. */
  readonly url: string;
  readonly gateway: Gateway;
  readonly log: readonly LoggedLine[];
  /** A create call that does not stream. Default `input`: "hello". */
  post(body?: object): Promise<Answer>;
  /** A create call that streams, read to its end. */
  stream(body?: object): Promise<StreamedAnswer>;
  /** A create call that streams, to be read step by step. */
  open(body?: object): Promise<OpenAnswer>;
  /** A stored response. */
  get(id: string): Promise<Answer>;
  remove(id: string): Promise<number>;
  close(): Promise<void>;
}

/** A gateway in this process, on a free port, with real HTTP. It closes with the test that started it. */
export async function startInProcess(options: InProcessOptions): Promise<InProcess> {
  const { log, lines } = recordingLog();
  const store = options.store === undefined ? storeSqlite() : options.store;
  const gateway = await createGateway({
    plugins: store ? [store, ...options.plugins] : options.plugins,
    routes: defineConfig({ plugins: [], routes: options.routes }).routes,
    settings: { logLevel: "debug", ...options.settings },
    env: { VR_DB_PATH: ":memory:", ...options.env },
    limits: {
      maxTurns: 8,
      toolTimeoutMs: 10_000,
      storeTimeoutMs: 10_000,
      hookTimeoutMs: 10_000,
      headersAfterMs: 10_000,
      keepAliveMs: 10_000,
      ...options.limits,
    },
    http: {
      bodyBytes: 1024 * 1024,
      jsonDepth: 100,
      jsonValues: 200_000,
      options: "limits",
      streamBufferBytes: 256 * 1024,
      openResponsesReasoning: false,
      ...options.http,
    },
    edge: { allowedHosts: [], trustProxy: false, corsOrigins: [], ...options.edge },
    connections: { connections: 1_000, requestMs: 10_000, ...options.connections },
    log,
  });
  options.made?.(gateway);
  const url = await gateway.listen(0, options.host ?? "127.0.0.1");
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= gateway.close(0);
    return closing;
  };
  onTestFinished(close);
  const create = (body: object, signal?: AbortSignal) =>
    fetch(`${url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: "hello", ...body }),
      ...(signal ? { signal } : {}),
    });
  return {
    url,
    gateway,
    log: lines,
    post: async (body = {}) => toAnswer(await create(body)),
    stream: async (body = {}) => toStreamed(await create({ ...body, stream: true })),
    open: async (body = {}) => {
      const leaving = new AbortController();
      return toOpen(await create({ ...body, stream: true }, leaving.signal), leaving);
    },
    get: async (id) => toAnswer(await fetch(`${url}/v1/responses/${id}`)),
    remove: async (id) => (await fetch(`${url}/v1/responses/${id}`, { method: "DELETE" })).status,
    close,
  };
}

async function toAnswer(res: Response): Promise<Answer> {
  const body: unknown = await res.json();
  if (res.ok) return answer(res, expectValidResponse(body), undefined);
  return answer(res, undefined, expectValidError(body).error);
}

async function toStreamed(res: Response): Promise<StreamedAnswer> {
  if (!res.ok) return Object.assign(await toAnswer(res), { events: [], types: [] });
  return streamed(res, await collectSse(res));
}

function streamed(res: Response, told: readonly unknown[]): StreamedAnswer {
  const response = expectValidStream(told);
  const events = told as ResponseEvent[];
  return Object.assign(answer(res, response, undefined), { events, types: events.map(({ type }) => type) });
}

function answer(
  { status, headers }: Response,
  response: ResponseObject | undefined,
  error: ErrorEnvelope["error"] | undefined,
): Answer {
  return {
    status,
    headers,
    get response() {
      if (!response) throw new Error(`expected a response, got ${status} ${JSON.stringify(error)}`);
      return response;
    },
    get error() {
      if (!error) throw new Error(`expected an error, got ${status} ${JSON.stringify(response)}`);
      return error;
    },
  };
}

async function toOpen(res: Response, leaving: AbortController): Promise<OpenAnswer> {
  const frames = readSse(res);
  const events: ResponseEvent[] = [];
  const next = async () => {
    const { value } = await frames.next();
    if (value?.event === undefined) return undefined;
    const event = expectValidEvent(value.data);
    events.push(event);
    return event;
  };
  return {
    status: res.status,
    headers: res.headers,
    async until(type) {
      for (let event = await next(); event; event = await next())
        if (event.type === type) return event as never;
      throw new Error(
        `the stream ended before ${type}, after ${events.map((event) => event.type).join(", ")}`,
      );
    },
    async rest() {
      while (await next());
      return streamed(res, events);
    },
    leave: () => leaving.abort(),
  };
}
