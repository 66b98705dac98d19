import type { IncomingMessage } from "node:http";
import { isVrError, type VrError } from "../errors.ts";
import { type HostOptions, Hosts } from "./hosts.ts";
import { isPreflight, Origins, preflightHeaders } from "./origins.ts";

export interface EdgeOptions extends HostOptions {
  /** Origins whose web pages may use this gateway; `["*"]` allows all. */
  corsOrigins: readonly string[];
}

/** Whether a request may continue, and the headers that its answer then gets. */
export type Passage =
  | { kind: "pass"; headers?: Readonly<Record<string, string>> }
  | { kind: "preflight"; headers: Readonly<Record<string, string>> }
  | { kind: "refused"; error: VrError };

const PASS: Passage = { kind: "pass" };

/**
 * Checks requests to all endpoints, the plugins' included, by their headers alone, so that upgrades can be checked in
 * the same way.
 */
export class Edge {
  readonly hosts: Hosts;
  readonly #origins: Origins;

  constructor(options: EdgeOptions) {
    this.hosts = new Hosts(options);
    this.#origins = new Origins(options.corsOrigins);
  }

  check(req: IncomingMessage): Passage {
    const wrongHost = this.hosts.problem(req);
    if (wrongHost) return { kind: "refused", error: wrongHost };
    const { headers } = req;
    if (headers.origin === undefined && headers["sec-fetch-site"] === undefined) return PASS;
    const verdict = this.#origins.verdict(req, this.hosts.named(req));
    if (verdict === undefined) return PASS;
    if (isVrError(verdict)) return { kind: "refused", error: verdict };
    if (!isPreflight(req)) return { kind: "pass", headers: verdict };
    return { kind: "preflight", headers: { ...verdict, ...preflightHeaders(req) } };
  }
}
