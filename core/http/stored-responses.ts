import type Router from "@koa/router";
import { InvalidRequestError, NotFoundError } from "../errors.ts";
import type { Engine } from "../pipeline/engine.ts";
import { maskOf } from "../pipeline/run.ts";
import { notFoundIn } from "../pipeline/without-store.ts";
import { INCLUDABLE } from "../protocol/create-response.ts";
import type { IncludeEnum } from "../protocol/wire.ts";
import { toShown } from "../response/document.ts";
import type { StoredResponse } from "../store.ts";
import { pageOfInput } from "./input-items.ts";

/** `GET` and `DELETE /v1/responses/{id}`, `GET …/input_items`. */
export function storedResponseRoutes(router: Router, engine: Engine): void {
  router.get("/v1/responses/:id", async (ctx) => {
    if (ctx.query.stream === "true")
      throw new InvalidRequestError(
        "Only background responses can be streamed again, which are not supported yet.",
        {
          param: "stream",
        },
      );
    const include = parseInclude([ctx.query.include, ctx.query["include[]"]].flat());
    const record = await find(engine, ctx.params.id ?? "");
    ctx.type = "application/json";
    ctx.body = JSON.stringify(toShown(record, (all) => maskOf(engine, all), include));
  });

  router.delete("/v1/responses/:id", async (ctx) => {
    const id = ctx.params.id ?? "";
    if (!(await engine.registry.store?.deleteResponse(id))) throw notFound(engine, id);
    ctx.body = { id, object: "response", deleted: true };
  });

  router.get("/v1/responses/:id/input_items", async (ctx) => {
    ctx.body = pageOfInput(await find(engine, ctx.params.id ?? ""), ctx.query);
  });
}

async function find(engine: Engine, id: string): Promise<StoredResponse> {
  const record = await engine.registry.store?.getResponse(id);
  if (!record) throw notFound(engine, id);
  return record;
}

function notFound({ registry }: Engine, id: string): NotFoundError {
  return new NotFoundError(notFoundIn(registry.store, `Response with id "${id.slice(0, 100)}"`), {
    param: "response_id",
    code: "response_not_found",
  });
}

const INCLUDES: ReadonlySet<string> = new Set(INCLUDABLE);

function parseInclude(values: (string | undefined)[]): ReadonlySet<IncludeEnum> {
  const include = new Set<IncludeEnum>();
  for (const value of values) {
    if (value === undefined) continue;
    if (!INCLUDES.has(value)) throw new InvalidRequestError("unknown value", { param: "include" });
    include.add(value as IncludeEnum);
  }
  return include;
}
