import type Router from "@koa/router";
import Koa from "koa";
import type { Log } from "../context.ts";
import { NotFoundError, toVrError, VrError } from "../errors.ts";
import type { Engine } from "../pipeline/engine.ts";
import type { ResponseCreator } from "./create-response.ts";
import { createRouter } from "./router.ts";
import { sendError } from "./send.ts";
import { statusRoutes } from "./status-routes.ts";
import { storedResponseRoutes } from "./stored-responses.ts";

/** The HTTP application: the API's routes, then those of plugins. */
export function createApp(engine: Engine, creator: ResponseCreator, plugins: Router, log: Log): Koa {
  const app = new Koa();
  // A router of its own, in front: the one hot path passes a single route and no other middleware.
  const create = createRouter();
  create.post("/v1/responses", async (ctx) => {
    ctx.respond = false; // the sinks write for themselves
    try {
      await creator.create(ctx.req, ctx.res);
    } catch (error) {
      logFailure(log, error);
      sendError(ctx.res, error);
    }
  });
  const router = createRouter();
  storedResponseRoutes(router, engine);
  statusRoutes(router, engine);

  app.use(create.routes());
  app.use(async (ctx, next) => {
    try {
      await next();
      if (ctx.body !== undefined || ctx.respond === false) return;
      if (ctx.status === 404) throw noRoute(ctx.method, ctx.path);
      if (ctx.status === 405 || ctx.status === 501) throw wrongMethod();
    } catch (error) {
      if (ctx.respond === false) throw error;
      logFailure(log, error);
      ctx.respond = false;
      sendError(ctx.res, error);
    }
  });
  app.use(router.routes());
  app.use(plugins.routes());
  app.use(create.allowedMethods());
  app.use(router.allowedMethods());
  app.on("error", (error, ctx?: Koa.Context) => {
    // Of a client that cut the connection: its response ends as cancelled, nobody has failed.
    if (ctx?.socket.destroyed) log.debug({ err: error }, "a connection broke");
    else log.error({ err: error }, "a request failed");
  });
  return app;
}

/** One line for each request that ends with an error status: no contents, and a stack only of what is the gateway's. */
function logFailure(log: Log, error: unknown): void {
  const { status, code, param, headers } = toVrError(error);
  const fields = { response: headers["x-request-id"], status, code, param };
  if (status < 500) log.info(fields, "a request was refused");
  // What a plugin threw has been logged where it was thrown, with its name.
  else if (code === "plugin_error") log.error(fields, "a request failed");
  else log.error({ ...fields, err: error }, "a request failed");
}

function noRoute(method: string, path: string): NotFoundError {
  return new NotFoundError(`There is no ${method} ${path.slice(0, 200)} here.`, { code: "unknown_url" });
}

/** `Allow` is set already. */
function wrongMethod(): VrError {
  return new VrError(405, "invalid_request_error", "This path does not take this method.", {
    code: "method_not_allowed",
  });
}
