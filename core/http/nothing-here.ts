import type Router from "@koa/router";
import { NotFoundError } from "../errors.ts";
import { pluginServing } from "../plugin-endpoints.ts";

/** 404 for an unknown path. Names the shipped plugin that would serve it, if there is one. */
export function noRoute(method: string, path: string): NotFoundError {
  const plugin = pluginServing(path);
  const hint = plugin === undefined ? "" : ` The plugin "${plugin}" can serve it: see the configuration.`;
  return new NotFoundError(`There is no ${method} ${path.slice(0, 200)} here.${hint}`, {
    code: "unknown_url",
  });
}

/** The text of `GET /`: lists the endpoints and nothing about the upstreams. */
export function welcome(routers: readonly Router[]): string {
  const endpoints = routers
    .flatMap(({ stack }) => stack)
    .flatMap(({ methods, path }) =>
      methods.filter((method) => method !== "HEAD").map((method) => `  ${method.padEnd(6)}  ${path}`),
    );
  return `vr: a gateway that speaks the OpenAI Responses API\n\n${[...new Set(endpoints)].join("\n")}\n`;
}
