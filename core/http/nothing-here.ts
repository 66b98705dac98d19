import type Router from "@koa/router";
import { NotFoundError } from "../errors.ts";
import { pluginServing } from "../plugin-endpoints.ts";

/** 404 for a path that nothing serves. Says where it is served by a plugin that is not configured. */
export function noRoute(method: string, path: string): NotFoundError {
  const plugin = pluginServing(path);
  const hint = plugin === undefined ? "" : ` The plugin "${plugin}" can serve it: see the configuration.`;
  return new NotFoundError(`There is no ${method} ${path.slice(0, 200)} here.${hint}`, {
    code: "unknown_url",
  });
}

/** What `GET /` says to whoever looks what runs here: the endpoints, without anything of what is behind them. */
export function welcome(routers: readonly Router[]): string {
  const endpoints = routers
    .flatMap(({ stack }) => stack)
    .flatMap(({ methods, path }) =>
      methods.filter((method) => method !== "HEAD").map((method) => `  ${method.padEnd(6)}  ${path}`),
    );
  return `vr: a gateway that speaks the OpenAI Responses API\n\n${[...new Set(endpoints)].join("\n")}\n`;
}
