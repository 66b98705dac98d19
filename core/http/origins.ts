import type { IncomingMessage } from "node:http";
import { VrError } from "../errors.ts";
import { quote } from "../protocol/problem.ts";

/** Response headers that a listed origin needs. */
type CorsHeaders = Readonly<Record<string, string>>;

/** What a page of this origin may do: `undefined` is as everybody else, headers are what its browser wants to see. */
export type OriginVerdict = VrError | CorsHeaders | undefined;

/** What pages may read beside the body. */
const EXPOSED = "x-request-id, x-vr-warning, retry-after";
/** Seconds that a browser remembers a preflight; Chromium keeps none for longer. */
const PREFLIGHT_SECONDS = "7200";

/**
 * Which web pages may ask: those of the gateway's own host, and of the origins that are listed. Browsers tell whose page
 * a request is of (`Origin`, `Sec-Fetch-Site`), and no page can forge it; other programs send neither.
 */
export class Origins {
  readonly #listed: ReadonlySet<string>;
  readonly #all: boolean;

  /** `["*"]`: all. */
  constructor(origins: readonly string[]) {
    this.#listed = new Set(origins.map((origin) => origin.toLowerCase()));
    this.#all = this.#listed.has("*");
  }

  /** `host`: how the client called this gateway, a port included. */
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

/** Whether a browser asks what a listed page may send. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
}

/** What it is told: everything. The request itself is then checked as any other. */
export function preflightHeaders({ headers }: IncomingMessage): CorsHeaders {
  return {
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers": headers["access-control-request-headers"] ?? "",
    "access-control-max-age": PREFLIGHT_SECONDS,
  };
}

/** Somebody follows a link or types an address: the page that had the link sees nothing of the answer. */
function isNavigation({ method, headers }: IncomingMessage): boolean {
  const isTop = (headers["sec-fetch-dest"] ?? "document") === "document";
  return (
    method === "GET" && headers.origin === undefined && headers["sec-fetch-mode"] === "navigate" && isTop
  );
}

/** Browsers leave out the port that goes without saying; in `Host` some programs write it. */
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
