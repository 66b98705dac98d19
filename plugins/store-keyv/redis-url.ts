import type { RedisClientOptions } from "@keyv/redis";

/** A Redis server's address, and how to log in. */
export interface RedisServer {
  /** For logs and the start banner: without user and password. */
  readonly shown: string;
  readonly login: Pick<RedisClientOptions, "username" | "password" | "database">;
  readonly socket: { host: string; port: number; tls: boolean } | { path: string; tls: false };
}

/** Used in errors instead of the text itself, which may contain a password. */
export const REDIS_URL_FORM =
  "expected redis://host:6379, rediss://user:password@host:6380/0 (TLS) or unix:///path/to/redis.sock";

const DEFAULT_PORT = 6379;

/** Parses a Redis URL; `undefined` if it is not one. Gives no reason, since the text may contain a password. */
export function parseRedisUrl(text: string): RedisServer | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol === "unix:") return toSocketServer(url);
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") return undefined;
  const database = toDatabase(url.pathname.slice(1));
  const username = decode(url.username);
  const password = decode(url.password);
  if (username === undefined || password === undefined || database === undefined) return undefined;
  // A query is refused, since its options would be ignored.
  if (url.hostname === "" || url.search !== "" || url.hash !== "") return undefined;
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  return {
    shown: `${url.protocol}//${url.hostname}:${port}/${database}`,
    login: { database, ...(username ? { username } : {}), ...(password ? { password } : {}) },
    socket: {
      // The brackets around an IPv6 address are only part of the URL.
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port,
      tls: url.protocol === "rediss:",
    },
  };
}

/** The password of a URL, as it is written and as it is meant; the whole text if it is no URL. */
export function passwordsIn(text: string): string[] {
  const url = URL.parse(text);
  if (!url) return [text];
  return [url.password, decode(url.password) ?? ""];
}

/** `unix:///run/redis/redis.sock?db=1` */
function toSocketServer({ hostname, pathname, searchParams }: URL): RedisServer | undefined {
  const path = decode(pathname);
  const database = toDatabase(searchParams.get("db") ?? "");
  if (hostname !== "" || !path?.startsWith("/") || path === "/" || database === undefined) return undefined;
  return {
    shown: `unix://${pathname}, database ${database}`,
    login: { database },
    socket: { path, tls: false },
  };
}

function toDatabase(text: string): number | undefined {
  return /^\d{0,5}$/.test(text) ? Number(text) : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
