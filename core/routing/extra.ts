import type { ResponseContext, Turn } from "../context.ts";
import { InvalidRequestError } from "../errors.ts";
import type { ModelRequest } from "../protocol/model-request.ts";
import { quote } from "../protocol/problem.ts";
import type { Candidate, Upstream } from "../upstream.ts";

type Extra = NonNullable<ModelRequest["extra"]>;

/** Most unknown parameters named in warnings; the others are counted. */
const MOST_NAMED = 8;
/** Most characters of one value as JSON. */
const LONGEST_VALUE = 65_536;

/**
 * The request's extra parameters that a candidate accepts. The others are ignored, with a warning to the client.
 * @throws InvalidRequestError for a value that is too large, or that a plugin made and JSON cannot represent
 */
export function extraFor(candidates: readonly Candidate[], context: ResponseContext): Extra | undefined {
  const { request } = context;
  const names = Object.keys(request.extra ?? {});
  if (names.length === 0) return undefined;
  const [taken, ignored] = split(names, (name) => candidates.some(({ upstream }) => takes(upstream, name)));
  for (const warning of toWarnings(ignored)) context.warn(warning);
  const extra = Object.fromEntries(taken.map((name) => [name, request.extra?.[name]]));
  for (const [name, value] of Object.entries(extra)) checkValue(name, value);
  return taken.length > 0 ? extra : undefined;
}

const SAID = Symbol("further parameters that were ignored");

/** Warns the client, once per response, about parameters that other candidates take and this upstream ignores. */
export function warnOfIgnored({ extra }: ModelRequest, upstream: Upstream, { response }: Turn): void {
  if (extra == null) return;
  const said = response.state(SAID, () => new Set<string>());
  const ignored = Object.keys(extra).filter((name) => !takes(upstream, name) && !said.has(name));
  for (const name of ignored) said.add(name);
  for (const warning of toWarnings(ignored)) response.warn(warning);
}

/** The request with only the extra parameters that the upstream takes; the same request if it takes them all. */
export function withOwnExtra(request: ModelRequest, upstream: Upstream): ModelRequest {
  if (request.extra == null) return request;
  const entries = Object.entries(request.extra);
  const [taken, others] = split(entries, ([name]) => takes(upstream, name));
  for (const [name, value] of taken) checkValue(name, value);
  if (others.length === 0) return request;
  return { ...request, extra: taken.length > 0 ? Object.fromEntries(taken) : undefined };
}

/** The warnings, in printable ASCII, since they are sent in a header. */
export function toWarnings(names: readonly string[]): string[] {
  const warnings = names.slice(0, MOST_NAMED).map((name) => `unknown parameter ${quote(name)} was ignored`);
  const more = names.length - MOST_NAMED;
  return more > 0 ? [...warnings, `${more} more unknown parameters were ignored`] : warnings;
}

function takes({ extraParameters }: Upstream, name: string): boolean {
  return extraParameters?.includes(name) === true;
}

function checkValue(name: string, value: unknown): void {
  let length: number;
  try {
    length = (JSON.stringify(value) ?? "null").length;
  } catch (cause) {
    throw new InvalidRequestError(`Invalid ${quote(name)}: it cannot be written as JSON.`, {
      param: name,
      cause,
    });
  }
  if (length > LONGEST_VALUE)
    throw new InvalidRequestError(
      `Invalid ${quote(name)}: expected at most ${LONGEST_VALUE} characters of JSON, got ${length}.`,
      { param: name },
    );
}

function split<T>(list: readonly T[], isFirst: (each: T) => boolean): [T[], T[]] {
  const first: T[] = [];
  const second: T[] = [];
  for (const each of list) (isFirst(each) ? first : second).push(each);
  return [first, second];
}
