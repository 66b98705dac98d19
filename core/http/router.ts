import { createRequire } from "node:module";
import type Router from "@koa/router";

const require = createRequire(import.meta.url);

/**
 * A router. Its package is loaded as CommonJS: its ES module imports `node:http`, which makes Node load all exports,
 * with `fetch` and `WebSocket`. That would be a fifth of the time of a start.
 */
export function createRouter(): Router {
  const { Router: Class }: typeof import("@koa/router") = require("@koa/router");
  return new Class();
}
