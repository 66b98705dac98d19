import type Router from "@koa/router";
import { isVrError, NotFoundError } from "../errors.ts";
import type { Engine } from "../pipeline/engine.ts";
import type { ModelInfo } from "../upstream.ts";
import { checkUpstream } from "../upstream-check.ts";

/** Milliseconds that `/ready` and `/v1/models` wait for an upstream. */
const CHECK_TIMEOUT_MS = 5_000;

/** `GET /v1/models`, `/v1/models/{id}`, `/health`, `/ready`. */
export function statusRoutes(router: Router, engine: Engine): void {
  router.get("/v1/models", async (ctx) => {
    ctx.body = { object: "list", data: await listModels(engine) };
  });

  // Ids hold slashes, which not every client escapes.
  router.get("/v1/models/*id", async (ctx) => {
    const { id } = ctx.params;
    const model = (await listModels(engine)).find((listed) => listed.id === id);
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
    const { upstreams, store } = engine.registry;
    const upstreamChecks = await Promise.all(
      upstreams.map(
        async (upstream) => [upstream.name, await checkUpstream(upstream, CHECK_TIMEOUT_MS)] as const,
      ),
    );
    const storeCheck = store && { name: store.name, ...(await check(() => store.check?.())) };
    const ok = upstreamChecks.some(([, result]) => result.ok) && storeCheck?.ok !== false;
    ctx.status = ok ? 200 : 503;
    ctx.body = {
      status: ok ? "ready" : "not ready",
      upstreams: Object.fromEntries(upstreamChecks),
      store: storeCheck,
    };
  });
}

async function check(probe: () => unknown): Promise<{ ok: boolean; error?: string }> {
  try {
    await probe();
    return { ok: true };
  } catch (error) {
    return { ok: false, error: isVrError(error) ? error.publicMessage : "the check failed" };
  }
}

/** The models of all upstreams; one that cannot be asked is left out, unless none can. */
async function listModels(engine: Engine): Promise<(ModelInfo & { object: "model" })[]> {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  const lists = await Promise.allSettled(
    engine.registry.upstreams.map((upstream) => upstream.models(signal)),
  );
  const failed = lists.find((list) => list.status === "rejected");
  if (failed && lists.every((list) => list.status === "rejected")) throw failed.reason;
  const models = new Map<string, ModelInfo & { object: "model" }>();
  for (const list of lists)
    for (const model of list.status === "fulfilled" ? list.value : [])
      if (!models.has(model.id))
        models.set(model.id, { created: 0, owned_by: "vr", ...model, object: "model" });
  return [...models.values()];
}
