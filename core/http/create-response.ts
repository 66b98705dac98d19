import type { IncomingMessage, ServerResponse } from "node:http";
import { onBehalfOf } from "../current-response.ts";
import type { Engine } from "../pipeline/engine.ts";
import type { KnownTools } from "../pipeline/parse.ts";
import { UnderWay } from "../under-way.ts";
import { Creation, type HttpOptions } from "./creation.ts";

export type { HttpOptions } from "./creation.ts";

/** `POST /v1/responses` for one gateway; knows which responses are open. */
export class ResponseCreator {
  readonly #engine: Engine;
  readonly #options: HttpOptions;
  readonly #known: KnownTools;
  readonly #open = new UnderWay<Creation>();

  constructor(engine: Engine, options: HttpOptions) {
    this.#engine = engine;
    this.#options = options;
    const { kinds, offered } = engine.registry;
    this.#known = {
      knownTypes: new Set(kinds.map((kind) => kind.type)),
      ownedItems: new Set(kinds.flatMap((kind) => kind.items ?? [])),
      hasOfferedTools: offered.length > 0,
    };
  }

  /** Ends every open response with this reason. */
  abortAll(reason: Error): void {
    for (const creation of this.#open.values) creation.abort(reason);
  }

  /** Runs a response from its arrival to its end. `through` produces the answer; an error that it throws is answered. */
  async create(
    req: IncomingMessage,
    res: ServerResponse,
    path: string,
    through: (creation: Creation) => Promise<void>,
  ): Promise<void> {
    const creation = new Creation({
      engine: this.#engine,
      options: this.#options,
      known: this.#known,
      req,
      res,
      path,
    });
    const remove = this.#open.add(creation);
    try {
      await onBehalfOf(creation.current, () => through(creation));
    } catch (error) {
      onBehalfOf(creation.current, () => creation.refuse(error));
    } finally {
      remove();
    }
  }
}
