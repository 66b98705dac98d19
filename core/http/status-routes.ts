import { setTimeout as sleep } from "node:timers/promises";
import type Router from "@koa/router";
import type { Dependency } from "../dependency.ts";
import { isVrError, NotFoundError } from "../errors.ts";
import type { Engine } from "../pipeline/engine.ts";
import type { GuardedUpstream } from "../routing/guarded-upstream.ts";
import type { ModelInfo, Upstream } from "../upstream.ts";
import { type CheckResult, checkUpstream } from "../upstream-check.ts";
import { within } from "../within.ts";

/** Milliseconds that `/ready` and `/v1/models` wait for an upstream. */
const CHECK_TIMEOUT_MS = 5_000;
/** Milliseconds that `/ready` waits for dependencies, which do not decide. Less than a probe waits. */
const DEPENDENCY_TIMEOUT_MS = 800;
/** Milliseconds that `/ready` waits for further upstreams once one is ready. */
const GRACE_MS = 300;

/** `GET /v1/models`, `/v1/models/{id}`, `/health`, `/ready`. */
export function statusRoutes(router: Router, engine: Engine): void {
  router.get("/v1/models", async (ctx) => {
    ctx.body = { object: "list", data: await listModels(engine) };
  });

  // Ids contain slashes, which not every client escapes.
  router.get("/v1/models/*id", async (ctx) => {
    const { id } = ctx.params;
    const model = (await listModels(engine)).find((each) => each.id === id);
    if (!model)
      throw new NotFoundError(`Model "${String(id).slice(0, 100)}" not found.`, {
        param: "model",
        code: "model_not_found",
      });
    ctx.body = model;
  });

  router.get("/health", (ctx) => {
    ctx.body = { status: "ok" };
  });

  router.get("/ready", async (ctx) => {
    const { upstreams } = engine.router;
    const { store, dependencies } = engine.registry;
    const [checks, storeCheck, ...others] = await Promise.all([
      checkUpstreams(upstreams),
      store && check(() => store.check?.()),
      ...dependencies.map(checkDependency),
    ]);
    const ok = [...checks.values()].some((result) => result.ok) && storeCheck?.ok !== false;
    ctx.status = ok ? 200 : 503;
    ctx.body = {
      status: ok ? "ready" : "not ready",
      upstreams: Object.fromEntries(
        upstreams.map((upstream) => [
          upstream.name,
          { ...(checks.get(upstream) ?? NOT_YET), ...upstream.state },
        ]),
      ),
      store: store && { name: store.name, ...storeCheck },
      dependencies: Object.fromEntries(dependencies.map(({ name }, i) => [name, others[i]])),
    };
  });
}

/** The result for an upstream that was not waited for, since another has answered. */
const NOT_YET: CheckResult = { ok: false, reason: "timeout", error: "has not answered yet" };

/**
 * Checks all upstreams. Once one is ready, the others have `GRACE_MS` more, so that a server that hangs does not make a
 * working gateway miss its probe.
 */
async function checkUpstreams(upstreams: readonly GuardedUpstream[]): Promise<Map<Upstream, CheckResult>> {
  const results = new Map<Upstream, CheckResult>();
  const enough = new AbortController();
  const ready = Promise.withResolvers<void>();
  const all = Promise.all(
    upstreams.map(async (upstream) => {
      const result = await checkUpstream(upstream, CHECK_TIMEOUT_MS, enough.signal);
      if (enough.signal.aborted) return;
      results.set(upstream, result);
      if (result.ok) ready.resolve();
    }),
  );
  await Promise.race([all, ready.promise.then(() => sleep(GRACE_MS))]);
  enough.abort();
  return results;
}

/** The result of a dependency's own check. */
async function checkDependency(dependency: Dependency): Promise<object> {
  const late = new Error(`did not answer within ${DEPENDENCY_TIMEOUT_MS} ms`);
  try {
    const details = await within({ ms: DEPENDENCY_TIMEOUT_MS, late: () => late }, (signal) =>
      dependency.check(signal),
    );
    return { ...details, ok: true };
  } catch (error) {
    if (error === late) return { ok: false, error: late.message };
    return { ok: false, error: isVrError(error) ? error.publicMessage : "the check failed" };
  }
}

async function check(probe: () => unknown): Promise<{ ok: boolean; error?: string }> {
  try {
    await probe();
    return { ok: true };
  } catch (error) {
    return { ok: false, error: isVrError(error) ? error.publicMessage : "the check failed" };
  }
}

type ListedModel = Omit<ModelInfo, "context"> & { object: "model" };

/** A model as clients see it: with the server's own fields for the context size besides the common one. */
function toListedModel({ context, ...model }: ModelInfo): ListedModel {
  return { ...context, created: 0, owned_by: "vr", ...model, object: "model" };
}

/**
 * The models of all upstreams, and the aliases that routes give them. An upstream that cannot be asked is left out,
 * with the aliases that only it answers. If none can be asked, that is an error.
 */
async function listModels({ router }: Engine): Promise<ListedModel[]> {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  const lists = await Promise.allSettled(router.upstreams.map((upstream) => upstream.models(signal)));
  const failed = lists.find((list) => list.status === "rejected");
  if (failed && lists.every((list) => list.status === "rejected")) throw failed.reason;
  const known = new Map<Upstream, ModelInfo[]>();
  for (const [i, upstream] of router.upstreams.entries()) {
    const list = lists[i];
    if (list?.status === "fulfilled") known.set(upstream, list.value);
  }
  const models = new Map<string, ListedModel>();
  for (const model of [...known.values()].flat())
    if (!models.has(model.id)) models.set(model.id, toListedModel(model));
  for (const { name, targets } of router.aliases) {
    const target = targets.find(({ upstream }) => known.has(upstream));
    if (!target) continue;
    // A server may accept names that it does not list, so the alias stays.
    const meant = known.get(target.upstream)?.find(({ id }) => id === target.model);
    models.set(name, toListedModel({ ...meant, id: name, owned_by: target.upstream.name }));
  }
  return [...models.values()];
}
