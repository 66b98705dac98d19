import type { IncomingMessage, ServerResponse } from "node:http";
import { ClientLeft } from "../errors.ts";
import type { Engine } from "../pipeline/engine.ts";
import { parseRequest } from "../pipeline/parse.ts";
import { respond } from "../pipeline/respond.ts";
import { encodeResponse } from "../response/document.ts";
import { type BodyLimits, readJson } from "./body.ts";
import { headersOf } from "./headers.ts";
import { JsonSink } from "./json-sink.ts";
import { sendJson } from "./send.ts";
import { SseSink } from "./sse-sink.ts";

export interface HttpOptions extends BodyLimits {
  /** Unsent bytes of one stream from which on its upstream is not read. */
  streamBufferBytes: number;
  /** Names reasoning events as Open Responses does. */
  openResponsesReasoning: boolean;
}

/** `POST /v1/responses` for one gateway; knows which responses are open. */
export class ResponseCreator {
  readonly #engine: Engine;
  readonly #options: HttpOptions;
  readonly #known: { knownTypes: ReadonlySet<string>; hasOfferedTools: boolean };
  readonly #open = new Set<AbortController>();

  constructor(engine: Engine, options: HttpOptions) {
    this.#engine = engine;
    this.#options = options;
    const { kinds, offered } = engine.registry;
    this.#known = {
      knownTypes: new Set(kinds.map((kind) => kind.type)),
      hasOfferedTools: offered.length > 0,
    };
  }

  /** Responses under way. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Ends every open response with this reason. */
  abortAll(reason: Error): void {
    for (const controller of this.#open) controller.abort(reason);
  }

  /** @throws VrError when nothing has been sent yet */
  async create(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const abort = new AbortController();
    res.on("close", () => {
      if (!res.writableFinished) abort.abort(new ClientLeft());
    });
    this.#open.add(abort);
    try {
      const parsed = parseRequest(await readJson(req, this.#options), this.#known);
      const caller = { authorization: req.headers.authorization, signal: abort.signal };
      const { request } = parsed;
      if (request.stream) {
        const encoding = {
          obfuscate: request.stream_options?.include_obfuscation === true,
          openResponsesReasoning: this.#options.openResponsesReasoning,
        };
        const sink = new SseSink(res, encoding, this.#options.streamBufferBytes);
        await respond(this.#engine, parsed, sink, caller);
        return;
      }
      const sink = new JsonSink();
      const response = await respond(this.#engine, parsed, sink, caller);
      if (!res.destroyed) sendJson(res, 200, encodeResponse(response), sink.head && headersOf(sink.head));
    } finally {
      this.#open.delete(abort);
    }
  }
}
