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
  /** Endpoints of plugins. */
  plugins: Router;
  edge: Edge;
  log: Log;
}

/**
 * The HTTP application: what stands in front of all endpoints, the API's routes, then those of plugins.
 * @throws PluginError when a plugin's route could never be reached
 */
export function createApp({ engine, creator, plugins, edge, log }: AppOptions): Koa {
  const app = new Koa();
  // In front of everything: each request has its id, and whatever is thrown behind this becomes its answer.
  app.use(async (ctx, next) => {
    if (createsResponse(ctx)) {
      ctx.respond = false; // the sinks write for themselves
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

  // A router of its own: the one hot path passes a single route.
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
    // Unless a plugin has a page of its own there.
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

  // What Koa itself cannot send, such as a plugin's body that is no JSON, and connections that break.
  app.context.onerror = function (this: Koa.Context, error: Error | null) {
    if (!error) return;
    // Of a client that cut the connection: its response ends as cancelled, nobody has failed.
    if (this.socket.destroyed) log.debug({ request: this.state.id, err: error }, "a connection broke");
    else answerError(this, log, error);
  };
  return app;
}

/** As the router matches it: in any case, with a slash behind it too. */
const CREATE_PATH = /^\/v1\/responses\/?$/i;

function createsResponse({ method, path }: Koa.Context): boolean {
  return method === "POST" && CREATE_PATH.test(path);
}

/** One line for each request that ends with an error status: no contents, and a stack only of what is the gateway's. */
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
