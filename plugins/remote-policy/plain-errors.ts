import type { Dispatcher } from "undici";
import { hostOf } from "./host-rules.ts";
import { isRemoteError, RemoteUnreachable } from "./remote-errors.ts";

const TIMED_OUT = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/** Replaces the HTTP client's errors, since they contain the addresses of both ends. */
export const plainErrors: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
  dispatch(options, new PlainErrors(hostOf(new URL(String(options.origin))), handler));

class PlainErrors implements Dispatcher.DispatchHandler {
  readonly #host: string;
  readonly #handler: Dispatcher.DispatchHandler;
  #begun = false;

  constructor(host: string, handler: Dispatcher.DispatchHandler) {
    this.#host = host;
    this.#handler = handler;
  }

  onRequestStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onRequestStart"]>>): void {
    this.#handler.onRequestStart?.(...args);
  }

  onResponseStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>): void {
    this.#begun = true;
    this.#handler.onResponseStart?.(...args);
  }

  onResponseData(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseData"]>>): void {
    this.#handler.onResponseData?.(...args);
  }

  onResponseEnd(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseEnd"]>>): void {
    this.#handler.onResponseEnd?.(...args);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    // There is no `controller` if the request never began.
    const own = controller?.aborted || isRemoteError(error);
    this.#handler.onResponseError?.(controller, own ? error : this.#plain(error));
  }

  #plain(error: Error): RemoteUnreachable {
    if ("code" in error && TIMED_OUT.has(String(error.code)))
      return new RemoteUnreachable(
        this.#host,
        this.#begun ? "fell silent in its answer" : "did not answer in time",
      );
    return new RemoteUnreachable(this.#host, this.#begun ? "broke off its answer" : "gave no answer", error);
  }
}
