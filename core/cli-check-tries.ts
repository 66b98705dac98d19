import type { DependencyReport, Finding, StoreReport, UpstreamReport } from "./cli-check-report.ts";
import type { MaybePromise } from "./context.ts";
import type { Dependency } from "./dependency.ts";
import { isVrError, VrError } from "./errors.ts";
import type { Store } from "./store.ts";
import type { Upstream } from "./upstream.ts";
import { type CheckReason, causesOf, reasonOf } from "./upstream-check.ts";
import { within } from "./within.ts";

/** What a try found: a line of the report, and a warning where something may be meant so. */
export interface TryResult<Report> {
  report: Report;
  warning?: Finding;
}

/**
 * Runs `attempt` until it settles or `limitMs` milliseconds have passed, whether it obeys its signal or not.
 * @throws VrError 504 that says `late`, as in "has not answered"
 */
export function attemptWithin<T>(
  limitMs: number,
  late: string,
  attempt: (signal: AbortSignal) => MaybePromise<T>,
): Promise<T> {
  const error = () => new VrError(504, "server_error", `${late} within ${limitMs} ms`);
  return within({ ms: limitMs, late: error }, attempt);
}

/** Asks for a sign of life, then for the models; each has `limitMs` milliseconds. Never throws. */
export async function tryUpstream(upstream: Upstream, limitMs: number): Promise<TryResult<UpstreamReport>> {
  const { name, description, details } = upstream;
  const shown = { name, description, ...(details ? { details } : {}) };
  try {
    await attemptWithin(limitMs, "has not answered", (signal) => upstream.check?.(signal));
    const { models, defaultModel, warning } = await attemptWithin(
      limitMs,
      "has not listed its models",
      (signal) => askModels(upstream, signal),
    );
    const report = { ...shown, ok: true, models, defaultModel };
    return warning ? { report, warning: { subject: "upstream", name, message: warning } } : { report };
  } catch (error) {
    return { report: { ...shown, ok: false, ...explain(error), models: [] } };
  }
}

export async function tryStore(store: Store, limitMs: number): Promise<StoreReport> {
  const { name, description, details } = store;
  const shown = { name, ...(description ? { description } : {}), ...(details ? { details } : {}) };
  try {
    await attemptWithin(limitMs, "has not answered", () => store.check?.());
    return { ...shown, ok: true };
  } catch (error) {
    return { ...shown, ok: false, ...explain(error) };
  }
}

export async function tryDependency(dependency: Dependency, limitMs: number): Promise<DependencyReport> {
  const { name, description } = dependency;
  try {
    const details = await attemptWithin(limitMs, "has not answered", (signal) =>
      dependency.examine ? dependency.examine(signal) : dependency.check(signal),
    );
    return { name, description, ok: true, ...(details ? { details } : {}) };
  } catch (error) {
    return { name, description, ok: false, ...explain(error) };
  }
}

/** A server that lists nothing will do when it is known which model to ask. */
async function askModels(upstream: Upstream, signal: AbortSignal) {
  let models: string[] = [];
  let unlisted: unknown;
  try {
    models = (await upstream.models(signal)).map(({ id }) => id);
  } catch (error) {
    signal.throwIfAborted();
    unlisted = error;
  }
  let defaultModel: string;
  try {
    defaultModel = await upstream.defaultModel(signal);
  } catch (error) {
    signal.throwIfAborted();
    throw unlisted ?? error;
  }
  return { models, defaultModel, warning: modelWarning(models, defaultModel, unlisted) };
}

function modelWarning(models: string[], defaultModel: string, unlisted: unknown): string | undefined {
  if (unlisted !== undefined) return `cannot list its models: ${explain(unlisted).error}`;
  if (models.includes(defaultModel)) return undefined;
  return `its model "${defaultModel}" is not among those that it lists`;
}

function explain(error: unknown): { error: string; reason: CheckReason } {
  const message = messageWithCause(error);
  const reason = reasonOf(error);
  const status = isVrError(error) ? error.status : undefined;
  if (reason === "unauthorized" && !message.includes(String(status)))
    return { error: `refuses the key (${status}): ${message}`, reason };
  if (status === 404) return { error: `${message}; is the path of its URL right?`, reason };
  return { error: message, reason };
}

/** The operator's message, and what is at the bottom of it where that says more. */
function messageWithCause(error: unknown): string {
  const [first, ...causes] = causesOf(error);
  const message = first?.message || String(error);
  const last = causes.at(-1);
  const reason = last && (last.message || String((last as { code?: unknown }).code));
  const said = !reason || message.includes(reason) || namesCode(message, last);
  return said ? message : `${message} (${reason})`;
}

function namesCode(message: string, cause: Error): boolean {
  const { code } = cause as { code?: unknown };
  return typeof code === "string" && message.includes(code);
}
