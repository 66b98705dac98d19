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
  /** With this many unsent bytes in a stream, its upstream is not read further. */
  streamBufferBytes: number;
  /** Whether reasoning events have the names that Open Responses uses. */
  openResponsesReasoning: boolean;
}

/** What a `Creation` needs. */
export interface CreationParts {
  engine: Engine;
  options: HttpOptions;
  known: KnownTools;
  req: IncomingMessage;
  res: ServerResponse;
  /** The path without its query. */
  path: string;
}

/**
 * One `POST /v1/responses`. It has its id before anything is read, and `onComplete` runs once for it, whether it is
 * answered or refused.
 */
export class Creation {
  readonly id = newId("resp");
  /** A small separate object, since connections that plugins open hold on to it. */
  readonly current: CurrentResponse = { id: this.id, ended: false };
  readonly #parts: CreationParts;
  readonly #startedAt = Date.now();
  readonly #abort = new AbortController();
  readonly #caller: Caller;
  /** Set once the request has been parsed. */
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

  /** @throws the error to pass to `refuse` */
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
