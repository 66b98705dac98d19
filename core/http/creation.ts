import type { IncomingMessage, ServerResponse } from "node:http";
import type { BodyLimits } from "../body-limits.ts";
import type { Caller } from "../context.ts";
import { type CurrentResponse, onBehalfOf } from "../current-response.ts";
import { ClientLeft } from "../errors.ts";
import { toFailure } from "../failure.ts";
import { newId } from "../ids.ts";
import type { Engine } from "../pipeline/engine.ts";
import { tellObservers } from "../pipeline/observers.ts";
import { type KnownTools, parseRequest } from "../pipeline/parse.ts";
import { refusedResponse } from "../pipeline/refusal.ts";
import { respond } from "../pipeline/respond.ts";
import type { ResponseRequest } from "../protocol/request.ts";
import type { Response as ResponseObject } from "../protocol/wire.ts";
import { encodeResponse } from "../response/document.ts";
import { ResponseScope } from "../scopes.ts";
import { stepAside } from "../step-aside.ts";
import { isLarge, readJsonText } from "./body.ts";
import { refuseWith } from "./broken-http.ts";
import { headersOf } from "./headers.ts";
import { JsonSink } from "./json-sink.ts";
import { sendError, sendJson } from "./send.ts";
import { SseSink } from "./sse-sink.ts";

export interface HttpOptions extends BodyLimits {
  /** Unsent bytes of one stream from which on its upstream is not read. */
  streamBufferBytes: number;
  /** Names reasoning events as Open Responses does. */
  openResponsesReasoning: boolean;
}

/** What one creation is made of. */
export interface CreationParts {
  engine: Engine;
  options: HttpOptions;
  known: KnownTools;
  req: IncomingMessage;
  res: ServerResponse;
  /** Without the query. */
  path: string;
}

/**
 * One `POST /v1/responses`: it has its id before anything of it is read, and its observers are told once of how it
 * ended, whether as an answer or as a refusal.
 */
export class Creation {
  readonly id = newId("resp");
  /** An object of its own: connections that plugins open keep what they were opened for. */
  readonly current: CurrentResponse = { id: this.id, ended: false };
  readonly #parts: CreationParts;
  readonly #startedAt = Date.now();
  readonly #abort = new AbortController();
  readonly #caller: Caller;
  /** Once the request is understood. */
  #context: ResponseScope | undefined;

  constructor(parts: CreationParts) {
    const { req, res, path } = parts;
    this.#parts = parts;
    this.#caller = {
      authorization: req.headers.authorization,
      signal: this.#abort.signal,
      method: req.method ?? "",
      path,
    };
    refuseWith(res, (error) => onBehalfOf(this.current, () => this.refuse(error)));
    res.on("close", () => {
      if (!res.writableFinished) this.abort(new ClientLeft());
    });
  }

  /** Ends the response with this reason. */
  abort(reason: Error): void {
    this.#abort.abort(reason);
  }

  /** @throws what is to be told with `refuse` */
  async answer(): Promise<void> {
    const { engine, options, known, req } = this.#parts;
    const { text, value } = await readJsonText(req, options);
    const large = isLarge(text);
    if (large) await stepAside();
    const request = parseRequest(value, known);
    const { signal } = this.#abort;
    const context = new ResponseScope(this.id, request, this.#caller, signal, engine.log, this.#startedAt);
    this.#context = context;
    context.large = large;
    if (large) await stepAside();
    this.#end(request.stream ? await this.#stream(context) : await this.#json(context), context);
  }

  /** Answers with the error that was thrown, if anything can still be answered. */
  refuse(error: unknown): void {
    if (this.current.ended) return;
    const { engine, req, res } = this.#parts;
    const { signal } = this.#abort;
    const context: ResponseScope<ResponseRequest | undefined> =
      this.#context ??
      new ResponseScope(this.id, undefined, this.#caller, signal, engine.log, this.#startedAt);
    const left = signal.reason instanceof ClientLeft || req.socket.destroyed;
    context.failure = left ? undefined : toFailure(error);
    sendError(res, error, headersOf(context));
    this.#end(refusedResponse(context), context);
  }

  async #stream(context: ResponseScope): Promise<ResponseObject> {
    const { engine, options, res } = this.#parts;
    const encoding = {
      obfuscate: context.request.stream_options?.include_obfuscation === true,
      openResponsesReasoning: options.openResponsesReasoning,
    };
    return respond(engine, context, new SseSink(res, encoding, options.streamBufferBytes));
  }

  async #json(context: ResponseScope): Promise<ResponseObject> {
    const { engine, res } = this.#parts;
    const sink = new JsonSink();
    const response = await respond(engine, context, sink);
    if (context.large) await stepAside();
    if (!res.destroyed) sendJson(res, 200, encodeResponse(response), sink.head && headersOf(sink.head));
    return response;
  }

  #end(response: ResponseObject, context: ResponseScope<ResponseRequest | undefined>): void {
    const { engine, res } = this.#parts;
    context.httpStatus = res.headersSent ? res.statusCode : new ClientLeft().status;
    tellObservers(engine, response, context);
    this.current.ended = true;
  }
}
