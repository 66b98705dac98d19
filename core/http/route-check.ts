import type Router from "@koa/router";
import { PluginError } from "../errors.ts";
import { ownerOf } from "../owners.ts";

type Route = Router["stack"][number];

/**
 * The first route that matches answers, router by router. A plugin's route that another route always shadows is an
 * error, since it would never run.
 * @throws PluginError that names both routes and their owners
 */
export function checkRoutes(core: readonly Router[], plugins: Router): void {
  const earlier = core.flatMap(({ stack }) => stack);
  for (const route of plugins.stack) {
    const first = earlier.find((other) => hides(other, route));
    if (first) {
      const owner = ownerOf(first);
      const who = owner === undefined ? "vr itself" : owner === ownerOf(route) ? "it" : `plugin "${owner}"`;
      throw new PluginError(
        `plugin "${ownerOf(route)}" adds ${nameOf(route)}, which ${who} answers already with ${nameOf(first)}`,
      );
    }
    earlier.push(route);
  }
}

function hides(first: Route, route: Route): boolean {
  if (!first.methods.some((method) => route.methods.includes(method))) return false;
  if (String(first.path) === String(route.path)) return true;
  // A plugin's own wildcard route may act first and then call `next`.
  const passesOn = ownerOf(first) !== undefined && isWide(first);
  return covers(first, route) && (!passesOn || covers(route, first));
}

/** Whether `first` matches every path of `route`. */
function covers(first: Route, route: Route): boolean {
  const paths = samplesOf(route);
  return paths.length > 0 && paths.every((path) => first.match(path));
}

function isWide({ path }: Route): boolean {
  return typeof path !== "string" || WILDCARD.test(path);
}

const PARAMETERS = /:[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;
const WILDCARD = /\*[\p{ID_Start}$_]/u;
const WILDCARDS = /\*[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;

/**
 * Sample paths of the route, with and without its optional parts. Its parameters get values that no other pattern
 * contains. Routes given as a regular expression have no samples.
 */
function samplesOf({ path }: Route): string[] {
  if (typeof path !== "string" || /[()"\\]/.test(path)) return [];
  const written = path.replace(PARAMETERS, "~1").replace(WILDCARDS, "~2/~3");
  return [...new Set([written.replace(/[{}]/g, ""), written.replace(/\{[^{}]*\}/g, "")])];
}

function nameOf({ methods, path }: Route): string {
  return `${methods.findLast((method) => method !== "HEAD") ?? "HEAD"} ${path}`;
}
