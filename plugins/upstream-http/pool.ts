import { createRequire } from "node:module";
import type { Pool } from "undici";
import type { ServerSettings } from "./settings.ts";

const require = createRequire(import.meta.url);

export interface LazyPool {
  get(): Pool;
  /** Ends idle connections and aborts running calls. */
  close(): Promise<void>;
}

/** A server's connections. The HTTP client is loaded with the first one, so that the start does not wait for it. */
export function lazyPool({
  origin,
  connectTimeoutMs,
}: Pick<ServerSettings, "origin" | "connectTimeoutMs">): LazyPool {
  let pool: Pool | undefined;
  return {
    get() {
      pool ??= create();
      return pool;
    },
    close: async () => pool?.destroy(),
  };

  function create(): Pool {
    const { Pool: Class }: typeof import("undici") = require("undici");
    // HTTP/1.1 with keep-alive, and as many connections as there are calls: a model server answers one call per
    // connection, and a limit here would be a hidden queue.
    return new Class(origin, {
      connections: null,
      pipelining: 1,
      allowH2: false,
      connectTimeout: connectTimeoutMs,
    });
  }
}
