import { z } from "zod";
import { checkOptions } from "./check-options.ts";

/** What the gateway spares an upstream, and when it stops asking it. */
export interface UpstreamLimits {
  /** Model calls at once; more wait in a queue. No limit unless said. */
  maxConcurrent?: number | undefined;
  /** Calls that may wait for a place, 100 unless said; further ones are refused at once. */
  maxQueued?: number | undefined;
  /** Milliseconds that a call waits for a place before it is refused, 30,000 unless said. */
  queueTimeoutMs?: number | undefined;
  /**
   * Failures in a row (no connection, 5xx, timeouts, answers that break off) that open the circuit; 0: it stays
   * closed. Unless said 5, and 0 for a gateway's only upstream: there is nobody to ask instead.
   */
  breakerFailures?: number | undefined;
  /** Milliseconds that an open circuit lets no call through, 10,000 unless said; then one call tries. */
  breakerOpenMs?: number | undefined;
}

const milliseconds = z.number().int().positive();

/**
 * The limits as fields of a plugin's options, so that every upstream has the same:
 * `z.strictObject({ …, ...upstreamLimitsShape })`, then `vr.upstreams.add(upstream, pickUpstreamLimits(options))`.
 */
export const upstreamLimitsShape = {
  /** Model calls at once; more wait in a queue. */
  maxConcurrent: z.number().int().positive().optional(),
  /** Calls that may wait for a place; further ones are refused at once. */
  maxQueued: z.number().int().min(0).default(100),
  /** That a call waits for a place before it is refused. */
  queueTimeoutMs: milliseconds.default(30_000),
  /** Failures in a row that open the circuit; 0: it stays closed. */
  breakerFailures: z.number().int().min(0).optional(),
  /** That an open circuit lets no call through. */
  breakerOpenMs: milliseconds.default(10_000),
};

const schema = z.strictObject(upstreamLimitsShape);

export type CheckedUpstreamLimits = z.output<typeof schema>;

const BREAKER_FAILURES = 5;

/** Limits as they hold for an upstream, which may be the gateway's only one. */
export interface GuardLimits extends CheckedUpstreamLimits {
  breakerFailures: number;
}

export function toGuardLimits(limits: CheckedUpstreamLimits, isOnly: boolean): GuardLimits {
  return { ...limits, breakerFailures: limits.breakerFailures ?? (isOnly ? 0 : BREAKER_FAILURES) };
}

/** The limits among a plugin's options. */
export function pickUpstreamLimits(options: UpstreamLimits): UpstreamLimits {
  const { maxConcurrent, maxQueued, queueTimeoutMs, breakerFailures, breakerOpenMs } = options;
  return { maxConcurrent, maxQueued, queueTimeoutMs, breakerFailures, breakerOpenMs };
}

/** With the defaults in. @throws ConfigError that begins with `what` and names the limit */
export function checkUpstreamLimits(limits: UpstreamLimits = {}, what: string): CheckedUpstreamLimits {
  return checkOptions(`${what}: limits`, schema, limits);
}
