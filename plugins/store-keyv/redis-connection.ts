import type KeyvRedis from "@keyv/redis";
import type { RedisServer } from "./redis-url.ts";

/** A connection that has answered once. */
export interface RedisConnection {
  /** Each method is one command, and throws what Redis or the connection says. */
  readonly redis: KeyvRedis<string>;
  /** Resolves with the reason when the connection is lost, also through `end`. */
  readonly lost: Promise<Error>;
  /** Cuts the connection; commands under way fail. A second call does nothing. */
  end(reason: Error): void;
}

/**
 * Connects, logs in and awaits an answer to PING: a server that loads its data, lacks a login or is stopped takes
 * connections, too. Nothing is queued or connected anew behind the caller's back.
 * @param timeoutMs milliseconds for the connection to be made, and again for the server to answer
 * @param signal gives up
 * @throws Error with the reason
 */
export async function connectToRedis(
  { login, socket }: RedisServer,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RedisConnection> {
  // Here, so that gateways without Redis do not load it.
  const { createClient, default: Adapter } = await import("@keyv/redis");
  const client = createClient({
    ...login,
    socket: { ...socket, connectTimeout: timeoutMs, reconnectStrategy: false } as never,
    disableOfflineQueue: true,
  });
  const { promise: lost, resolve: lose } = Promise.withResolvers<Error>();
  const end = (reason: Error) => {
    lose(reason);
    if (client.isOpen) client.destroy();
  };
  client.on("error", end);
  const abort = () => end(signal.reason);
  signal.addEventListener("abort", abort);
  let late: NodeJS.Timeout | undefined;
  client.once("connect", () => {
    const error = new Error(`it takes connections, but did not answer within ${timeoutMs} ms`);
    late = setTimeout(() => end(error), timeoutMs);
  });
  try {
    const opening = client.connect().then(() => client.ping());
    // What is cut while it logs in may never settle, or for a reason of the client's own.
    await Promise.race([opening.catch(unlessAlive), lost.then((reason) => Promise.reject(reason))]);
  } catch (error) {
    end(error as Error);
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", abort);
  }
  const redis = new Adapter<string>(client as never, { throwOnErrors: true });
  redis.on("error", () => {}); // is thrown, too
  redis.getClient = async () => client as never; // the adapter's own would connect anew what has been cut
  return { redis, lost, end };
}

/** A user that may not PING is logged in. */
function unlessAlive(error: Error): void {
  if (!error.message.startsWith("NOPERM")) throw error;
}
