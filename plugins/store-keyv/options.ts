import type { Keyv } from "keyv";
import { z } from "zod";
import { setting } from "../../core/index.ts";
import { parseRedisUrl, passwordsIn, REDIS_URL_FORM } from "./redis-url.ts";

/** Recognizes a Keyv by its methods, since the configuration may use its own copy of the package. */
function isKeyv(value: unknown): value is Keyv {
  const methods = ["get", "getMany", "set", "deleteMany", "disconnect", "on"];
  return methods.every((method) => typeof (value as Record<string, unknown> | null)?.[method] === "function");
}

const redisUrl = z.string().refine((text) => parseRedisUrl(text) !== undefined, REDIS_URL_FORM);

export const options = z
  .strictObject({
    redis: z
      .union([
        redisUrl,
        z.strictObject({
          url: redisUrl,
          namespace: z.string().min(1).optional(),
          timeoutMs: z.int().positive().optional(),
        }),
      ])
      .optional(),
    keyv: z.custom<Keyv>(isKeyv, "must be a Keyv 5 instance: new Keyv(adapter)").optional(),
    ttlDays: z.number().nonnegative().max(36_500).optional(),
    maxEntries: z.int().positive().optional(),
    maxBytes: z.int().positive().optional(),
  })
  .refine(({ redis, keyv }) => !redis || !keyv, {
    message: "redis and keyv are two stores; give one of them",
  })
  .refine(
    ({ redis, keyv, maxEntries, maxBytes }) => !(redis || keyv) || (maxEntries ?? maxBytes) === undefined,
    {
      message:
        "maxEntries and maxBytes limit vr's own memory; they do nothing to a keyv that you give or to a redis",
    },
  );

const isRedisScheme = (text: string) => /^(rediss?|unix):$/.test(URL.parse(text)?.protocol ?? "");

export const settings = {
  VR_REDIS_URL: setting({
    schema: z
      .string()
      .refine(isRedisScheme, {
        error: "expected a URL such as redis://127.0.0.1:6379 or rediss://user:password@host:6380",
        abort: true,
      })
      .refine((text) => parseRedisUrl(text) !== undefined, REDIS_URL_FORM),
    help: "Redis that replaces the configured store, such as redis://127.0.0.1:6379",
    secret: passwordsIn,
  }),
};

export type Options = z.output<typeof options>;
