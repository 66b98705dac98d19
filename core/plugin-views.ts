import type { EndContext, Log, ResponseContext, Turn } from "./context.ts";
import type { ModelChunk } from "./protocol/chunk.ts";
import type { ModelRequest } from "./protocol/model-request.ts";
import type { ResponseRequest } from "./protocol/request.ts";
import { ResponseScope, TurnScope } from "./scopes.ts";

/** A response as one plugin sees it: its log has the plugin's name. The plugin gets the same object throughout. */
class ResponseView implements EndContext {
  readonly #scope: ResponseScope<ResponseRequest | undefined>;
  readonly #plugin: string;
  #log: Log | undefined;

  constructor(scope: ResponseScope<ResponseRequest | undefined>, plugin: string) {
    this.#scope = scope;
    this.#plugin = plugin;
  }

  get id() {
    return this.#scope.id;
  }

  get request() {
    return this.#scope.request;
  }

  get history() {
    return this.#scope.history;
  }

  get caller() {
    return this.#scope.caller;
  }

  get signal() {
    return this.#scope.signal;
  }

  get startedAt() {
    return this.#scope.startedAt;
  }

  get elapsedMs() {
    return this.#scope.elapsedMs;
  }

  get turns() {
    return this.#scope.turns;
  }

  get httpStatus() {
    return this.#scope.httpStatus;
  }

  get failure() {
    return this.#scope.failure;
  }

  get log(): Log {
    this.#log ??= this.#scope.log.child({ plugin: this.#plugin });
    return this.#log;
  }

  warn(message: string): void {
    this.#scope.warn(message);
  }

  state<T>(key: string | symbol, init: () => T): T {
    return this.#scope.state(key, init);
  }
}

/** A turn as one plugin sees it. */
class TurnView implements Turn {
  readonly #scope: TurnScope;
  readonly response: ResponseContext;

  constructor(scope: TurnScope, response: ResponseContext) {
    this.#scope = scope;
    this.response = response;
  }

  get index() {
    return this.#scope.index;
  }

  get signal() {
    return this.#scope.signal;
  }

  get log(): Log {
    return this.response.log;
  }

  state<T>(key: string | symbol, init: () => T): T {
    return this.#scope.state(key, init);
  }

  answer(chunks: readonly ModelChunk[]): ModelRequest {
    return this.#scope.answer(chunks);
  }
}

/** This plugin's view of a response. Any object that is not the core's own scope is returned as it is. */
export function responseFor<T extends ResponseContext | EndContext>(plugin: string, context: T): T {
  if (!(context instanceof ResponseScope)) return context;
  context.views ??= new Map();
  let view = context.views.get(plugin);
  if (!view) {
    view = new ResponseView(context, plugin);
    context.views.set(plugin, view);
  }
  return view as T;
}

/** This plugin's view of a turn. */
export function turnFor(plugin: string, turn: Turn): Turn {
  if (!(turn instanceof TurnScope)) return turn;
  turn.views ??= new Map();
  let view = turn.views.get(plugin);
  if (!view) {
    view = new TurnView(turn, responseFor<ResponseContext>(plugin, turn.response));
    turn.views.set(plugin, view);
  }
  return view;
}
