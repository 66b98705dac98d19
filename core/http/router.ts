import { createRequire } from "node:module";
import type Router from "@koa/router";

const require = createRequire(import.meta.url);

/**
 * A router. Loaded as CommonJS: an ES module that imports `node:http`, as this package's does, makes Node load all that
 * it offers, its `fetch` and `WebSocket` too, which is a fifth of the time that a start takes.
 */
export function createRouter(): Router {
  const { Router: Class }: typeof import("@koa/router") = require("@koa/router");
  return new Class();
}
