import type Router from "@koa/router";
import Koa from "koa";
import type { Log } from "../context.ts";
import { VrError } from "../errors.ts";
import { logFailure, toFailure } from "../failure.ts";
import { newId } from "../ids.ts";
import type { Engine } from "../pipeline/engine.ts";
import { hostMissing } from "./broken-http.ts";
import { contentTypeProblem } from "./content-type.ts";
import type { ResponseCreator } from "./create-response.ts";
import type { Creation } from "./creation.ts";
import type { Edge } from "./edge.ts";
import { noRoute, welcome } from "./nothing-here.ts";
import { checkRoutes } from "./route-check.ts";
import { createRouter } from "./router.ts";
import { sendError } from "./send.ts";
import { statusRoutes } from "./status-routes.ts";
import { storedResponseRoutes } from "./stored-responses.ts";

export interface AppOptions {
  engine: Engine;
  creator: ResponseCreator;
  /** The plugins' endpoints. */
  plugins: Router;
  edge: Edge;
  log: Log;
}

/**
 * The HTTP application: the checks in front of all endpoints, the API's routes, then the plugins' routes.
 * @throws PluginError when a plugin's route could never be reached
 */
export function createApp({ engine, creator, plugins, edge, log }: AppOptions): Koa {
  const app = new Koa();
  // Runs first: gives each request its id, and answers with whatever error is thrown later.
  app.use(async (ctx, next) => {
    if (createsResponse(ctx)) {
      ctx.respond = false; // the sinks write the answer
      await creator.create(ctx.req, ctx.res, ctx.path, (creation) => {
        ctx.state.creation = creation;
        return next();
      });
      return;
    }
    ctx.state.id = newId("req");
    ctx.set("x-request-id", ctx.state.id);
    try {
      await next();
    } catch (error) {
      answerError(ctx, log, error);
    }
  });

  // A separate router: the hot path matches against a single route.
  const create = createRouter();
  create.post("/v1/responses", (ctx) => (ctx.state.creation as Creation).answer());
  const router = createRouter();
  storedResponseRoutes(router, engine);
  statusRoutes(router, engine);

  checkRoutes([create, router], plugins);
  const routers = [create, router, plugins];
  app.use((ctx, next) => {
    if (ctx.req.headers.host === undefined && ctx.req.httpVersion === "1.1") throw hostMissing();
    const passage = edge.check(ctx.req);
    if (passage.kind === "refused") throw passage.error;
    if (passage.headers) ctx.set({ ...passage.headers });
    if (passage.kind === "preflight") {
      ctx.status = 204;
      return;
    }
    const problem = contentTypeProblem(ctx, routers);
    if (problem) throw problem;
    return next();
  });
  app.use(create.routes());
  app.use(async (ctx, next) => {
    await next();
    if (ctx.body !== undefined || ctx.respond === false) return;
    // A plugin's own page there comes first.
    if (ctx.status === 404 && ctx.path === "/" && /^(GET|HEAD)$/.test(ctx.method)) {
      ctx.body = welcome(routers);
      return;
    }
    if (ctx.status === 404) throw noRoute(ctx.method, ctx.path);
    if (ctx.status === 405 || ctx.status === 501) {
      ctx.status = 405;
      throw wrongMethod();
    }
  });
  app.use(router.routes());
  app.use(plugins.routes());
  app.use(create.allowedMethods());
  app.use(router.allowedMethods());

  // For bodies that Koa cannot send, such as a plugin's value that JSON cannot hold, and for broken connections.
  app.context.onerror = function (this: Koa.Context, error: Error | null) {
    if (!error) return;
    // The client cut the connection: its response ends as cancelled, which is not a failure.
    if (this.socket.destroyed) log.debug({ request: this.state.id, err: error }, "a connection broke");
    else answerError(this, log, error);
  };
  return app;
}

/** Matches as the router does: in any case, with or without a slash at the end. */
const CREATE_PATH = /^\/v1\/responses\/?$/i;

function createsResponse({ method, path }: Koa.Context): boolean {
  return method === "POST" && CREATE_PATH.test(path);
}

/** Logs one line for each request that ends with an error status: without contents; with a stack only for 5xx. */
function answerError(ctx: Koa.Context, log: Log, error: unknown): void {
  const { method, path } = ctx;
  logFailure(log, { request: ctx.state.id, method, path: path.slice(0, 200) }, toFailure(error));
  ctx.respond = false;
  sendError(ctx.res, error, { "x-request-id": ctx.state.id });
}

/** `Allow` is set already. */
function wrongMethod(): VrError {
  return new VrError(405, "invalid_request_error", "This path does not take this method.", {
    code: "method_not_allowed",
  });
}
