import { z } from "zod";
import { checkOptions } from "./check-options.ts";

/** How many calls an upstream gets at once, and when the gateway stops asking it. */
export interface UpstreamLimits {
  /** Most model calls at once; more wait in a queue. Default: no limit. */
  maxConcurrent?: number | undefined;
  /** Most calls in the queue; further ones are refused at once. Default: 100. */
  maxQueued?: number | undefined;
  /** Milliseconds that a call waits in the queue before it is refused. Default: 30000. */
  queueTimeoutMs?: number | undefined;
  /**
   * How many failures in a row (no connection, 5xx, timeouts, answers that break off) open the circuit; 0: it stays
   * closed. Default: 5, or 0 for a gateway's only upstream, since there is no other to ask instead.
   */
  breakerFailures?: number | undefined;
  /** Milliseconds that an open circuit lets no call through; then one call is tried. Default: 10000. */
  breakerOpenMs?: number | undefined;
}

const milliseconds = z.number().int().positive();

/**
 * The limits as fields of a plugin's options, so that all upstreams have the same ones:
 * `z.strictObject({ …, ...upstreamLimitsShape })`, then `vr.upstreams.add(upstream, pickUpstreamLimits(options))`.
 */
export const upstreamLimitsShape = {
  /** Most model calls at once; more wait in a queue. */
  maxConcurrent: z.number().int().positive().optional(),
  /** Most calls in the queue; further ones are refused at once. */
  maxQueued: z.number().int().min(0).default(100),
  /** Milliseconds that a call waits in the queue before it is refused. */
  queueTimeoutMs: milliseconds.default(30_000),
  /** How many failures in a row open the circuit; 0: it stays closed. */
  breakerFailures: z.number().int().min(0).optional(),
  /** Milliseconds that an open circuit lets no call through. */
  breakerOpenMs: milliseconds.default(10_000),
};

const schema = z.strictObject(upstreamLimitsShape);

export type CheckedUpstreamLimits = z.output<typeof schema>;

const BREAKER_FAILURES = 5;

/** The limits of an upstream, with the default that depends on whether it is the gateway's only one. */
export interface GuardLimits extends CheckedUpstreamLimits {
  breakerFailures: number;
}

export function toGuardLimits(limits: CheckedUpstreamLimits, isOnly: boolean): GuardLimits {
  return { ...limits, breakerFailures: limits.breakerFailures ?? (isOnly ? 0 : BREAKER_FAILURES) };
}

/** Picks the limits out of a plugin's options. */
export function pickUpstreamLimits(options: UpstreamLimits): UpstreamLimits {
  const { maxConcurrent, maxQueued, queueTimeoutMs, breakerFailures, breakerOpenMs } = options;
  return { maxConcurrent, maxQueued, queueTimeoutMs, breakerFailures, breakerOpenMs };
}

/** Adds the defaults. @throws ConfigError that begins with `what` and names the limit */
export function checkUpstreamLimits(limits: UpstreamLimits = {}, what: string): CheckedUpstreamLimits {
  return checkOptions(`${what}: limits`, schema, limits);
}
