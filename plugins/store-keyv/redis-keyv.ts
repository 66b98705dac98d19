import { EventEmitter } from "node:events";
import { type DeserializedData, Keyv, type KeyvStoreAdapter } from "keyv";
import { RedisLink, type RedisLinkOptions } from "./redis-link.ts";

export interface RedisKeyvOptions extends RedisLinkOptions {
  /** The prefix of every key, followed by a colon. */
  namespace: string;
}

/** A Keyv on Redis. It connects at once, reconnects whenever the connection is lost, and throws its errors. */
export function createRedisKeyv({ namespace, ...options }: RedisKeyvOptions): Keyv<string> {
  const link = new RedisLink(options);
  const keyv = new Keyv<string>({ store: new LinkedRedis(link), namespace });
  keyv.serialize = toText as NonNullable<typeof keyv.serialize>;
  keyv.deserialize = fromText as NonNullable<typeof keyv.deserialize>;
  link.open();
  return keyv;
}

/** A Keyv adapter that sends each command over the current connection. */
class LinkedRedis extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  namespace?: string;
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    super();
    this.#link = link;
  }

  get<Value>(key: string): Promise<Value | undefined> {
    return this.#link.command((redis) => redis.get<Value>(key));
  }

  /** Reads with GET, which fails for a key that does not hold a string. MGET would return nothing for it. */
  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    const values = await this.#link.command((redis) => redis.getMany<Value>(keys));
    const missing = keys.filter((_, i) => values[i] === undefined);
    await Promise.all(missing.map((key) => this.get(key)));
    return values;
  }

  async set(key: string, text: string, ttlMs?: number): Promise<void> {
    await this.#link.command((redis) => redis.set(key, text, ttlMs));
  }

  delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  deleteMany(keys: string[]): Promise<boolean> {
    return this.#link.command((redis) => redis.deleteMany(keys));
  }

  clear(): Promise<void> {
    return Promise.reject(new Error("responses are not cleared all at once"));
  }

  async disconnect(): Promise<void> {
    this.#link.close();
  }
}

/**
 * Two lines of JSON: when the entry expires (milliseconds since 1970, or null), then the text, which is already JSON.
 * Quoting it again would cost more than everything else.
 */
function toText({ value, expires }: DeserializedData<string>): string {
  return `${expires ?? null}\n${value}`;
}

function fromText(text: string): DeserializedData<string> {
  const end = text.indexOf("\n");
  const expires: unknown = end < 0 ? undefined : JSON.parse(text.slice(0, end));
  if (expires !== null && typeof expires !== "number")
    throw new Error("the key has a value that vr did not write");
  return { value: text.slice(end + 1), expires: expires ?? undefined };
}
