import type Router from "@koa/router";
import type { RouterMiddleware } from "@koa/router";
import type { Context } from "koa";
import { VrError } from "../errors.ts";
import { quote } from "../protocol/problem.ts";

/** From the global symbol registry, since a plugin may load its own copy of this package. */
const TYPES = Symbol.for("vr-gateway.body-types");

/**
 * Declares that a route takes bodies of these content types besides JSON; the route reads them itself. Put it before
 * the handler: `vr.router.post("/files", takesBody("multipart/form-data"), handler)`. Any other body is a 415.
 */
export function takesBody(...types: string[]): RouterMiddleware {
  const pass: RouterMiddleware = (_ctx, next) => next();
  return Object.assign(pass, { [TYPES]: new Set(types.map((type) => type.toLowerCase())) });
}

/**
 * The 415 of a body that is neither JSON nor of a type that its route takes. A body without a type is refused too: any
 * web page can send one without a preflight. If there is no such route, the path is wrong, not the type.
 */
export function contentTypeProblem(ctx: Context, routers: readonly Router[]): VrError | undefined {
  const { headers } = ctx.req;
  const length = headers["content-length"];
  const hasBody = headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
  if (!hasBody) return undefined;
  const type = typeOf(headers["content-type"]);
  if (isJson(type)) return undefined;
  let isRoute = false;
  for (const router of routers) {
    const { route, pathAndMethod } = router.match(ctx.path, ctx.method);
    if (!route) continue;
    isRoute = true;
    for (const { stack } of pathAndMethod)
      if (stack.some((step) => (step as { [TYPES]?: Set<string> })[TYPES]?.has(type))) return undefined;
  }
  return isRoute ? notTaken(headers["content-type"]) : undefined;
}

/** The content type in lower case, without parameters; "" if there is none. */
function typeOf(header: string | undefined): string {
  return header === undefined ? "" : (header.split(";", 1)[0] as string).trim().toLowerCase();
}

function isJson(type: string): boolean {
  return type === "application/json" || /^application\/[\w.+-]+\+json$/.test(type);
}

function notTaken(type: string | undefined): VrError {
  return new VrError(
    415,
    "invalid_request_error",
    `The content type must be application/json, but ${type ? `is ${quote(type)}` : "there is none"}.`,
    { code: "unsupported_media_type" },
  );
}
