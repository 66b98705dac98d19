import type KeyvRedis from "@keyv/redis";
import type { RedisServer } from "./redis-url.ts";

/** A connection that has answered once. */
export interface RedisConnection {
  /** Each method is one command. It throws the error of Redis or of the connection. */
  readonly redis: KeyvRedis<string>;
  /** Resolves with the reason when the connection is lost, also through `end`. */
  readonly lost: Promise<Error>;
  /** Closes the connection at once. Running commands fail. A second call does nothing. */
  end(reason: Error): void;
}

/**
 * Connects, logs in and waits for the answer to PING, since a server that is loading, needs a login or is suspended
 * accepts connections too. The client does not queue commands or reconnect by itself.
 * @param timeoutMs milliseconds for the connection to be made, and again for the server to answer
 * @param signal aborts the attempt
 * @throws Error with the reason
 */
export async function connectToRedis(
  { login, socket }: RedisServer,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RedisConnection> {
  // Imported here, so that gateways without Redis do not load it.
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
    const error = new Error(`it accepts connections, but did not answer within ${timeoutMs} ms`);
    late = setTimeout(() => end(error), timeoutMs);
  });
  try {
    const opening = client.connect().then(() => client.ping());
    // If the connection is cut during the login, `opening` may never settle, or may give another reason.
    await Promise.race([opening.catch(unlessAlive), lost.then((reason) => Promise.reject(reason))]);
  } catch (error) {
    end(error as Error);
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", abort);
  }
  const redis = new Adapter<string>(client as never, { throwOnErrors: true });
  redis.on("error", () => {}); // errors are also thrown
  redis.getClient = async () => client as never; // the adapter's own method would reconnect
  return { redis, lost, end };
}

/** Accepts the error of a user without the right to PING: the login worked. */
function unlessAlive(error: Error): void {
  if (!error.message.startsWith("NOPERM")) throw error;
}
