import type { IncomingMessage } from "node:http";
import { VrError } from "../errors.ts";
import { quote } from "../protocol/problem.ts";

/** The response headers for a page of an allowed origin. */
type CorsHeaders = Readonly<Record<string, string>>;

/** `undefined`: no restriction applies. Headers: allowed, the browser needs them. An error: refused. */
export type OriginVerdict = VrError | CorsHeaders | undefined;

/** Response headers that pages may read. */
const EXPOSED = "x-request-id, x-vr-warning, retry-after";
/** Seconds that a browser caches a preflight; Chromium's maximum. */
const PREFLIGHT_SECONDS = "7200";

/**
 * Decides which web pages may send requests: those of the gateway's own host and of the listed origins. Browsers set
 * `Origin` and `Sec-Fetch-Site`, and no page can forge them; other programs send neither.
 */
export class Origins {
  readonly #listed: ReadonlySet<string>;
  readonly #all: boolean;

  /** `["*"]` allows all. */
  constructor(origins: readonly string[]) {
    this.#listed = new Set(origins.map((origin) => origin.toLowerCase()));
    this.#all = this.#listed.has("*");
  }

  /** `host`: the host and port that the client used. */
  verdict(req: IncomingMessage, host: string | undefined): OriginVerdict {
    const { origin } = req.headers;
    const site = req.headers["sec-fetch-site"];
    const isForeign = origin !== undefined && !isOwn(origin, host);
    const isFar = site !== undefined && site !== "same-origin" && site !== "none";
    if (!isForeign && !isFar) return undefined;
    if (this.#all || (origin !== undefined && this.#listed.has(origin.toLowerCase())))
      return origin === undefined ? undefined : this.#headers(origin);
    return isNavigation(req) ? undefined : notAllowed(origin);
  }

  #headers(origin: string): CorsHeaders {
    return {
      "access-control-allow-origin": this.#all ? "*" : origin,
      "access-control-expose-headers": EXPOSED,
      vary: "origin",
    };
  }
}

/** Whether the request is a CORS preflight. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
}

/** Allows everything: the request that follows is checked as any other. */
export function preflightHeaders({ headers }: IncomingMessage): CorsHeaders {
  return {
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers": headers["access-control-request-headers"] ?? "",
    "access-control-max-age": PREFLIGHT_SECONDS,
  };
}

/** The user follows a link or types an address: the page with the link cannot read the answer. */
function isNavigation({ method, headers }: IncomingMessage): boolean {
  const isTop = (headers["sec-fetch-dest"] ?? "document") === "document";
  return (
    method === "GET" && headers.origin === undefined && headers["sec-fetch-mode"] === "navigate" && isTop
  );
}

/** Browsers leave out the default port; some programs write it in `Host`. */
function isOwn(origin: string, host: string | undefined): boolean {
  const [, scheme, authority] = /^(https?):\/\/(.+)$/i.exec(origin) ?? [];
  if (scheme === undefined || authority === undefined || host === undefined) return false;
  if (authority === host) return true;
  const usual = scheme.toLowerCase() === "http" ? ":80" : ":443";
  const plain = (text: string) => (text.endsWith(usual) ? text.slice(0, -usual.length) : text).toLowerCase();
  return plain(authority) === plain(host);
}

function notAllowed(origin: string | undefined): VrError {
  const whose = origin === undefined ? "Web pages of other sites" : `Web pages of ${quote(origin)}`;
  return new VrError(
    403,
    "permission_error",
    `${whose} may not use this gateway: cors.origins lists the origins that may.`,
    { code: "origin_not_allowed" },
  );
}
