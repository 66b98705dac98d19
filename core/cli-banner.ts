import type { Config } from "./config.ts";
import type { Gateway } from "./gateway.ts";
import { ROUTES_IGNORED } from "./gateway-set-up.ts";
import { isLoopback } from "./http/hosts.ts";
import { describeRoute } from "./routing/routes.ts";
import type { Store } from "./store.ts";
import type { Upstream } from "./upstream.ts";
import type { CheckResult } from "./upstream-check.ts";
import type { UpstreamWatch } from "./upstream-watch.ts";

export interface BannerFacts {
  /** Path of the configuration file. */
  file: string;
  config: Config;
  gateway: Gateway;
  /** The address that the gateway listens on. */
  url: string;
  /** What the upstreams said when they were first asked. */
  checks: UpstreamWatch["first"];
}

/** What `vr start` prints first, as soon as it is true. */
export function listeningLine(version: string, url: string): string {
  return `vr ${version} is listening on ${url}\n`;
}

/** What `vr start` prints then: what it runs with. */
export function banner({ file, config, gateway, url, checks }: BannerFacts): string {
  const { upstreams, store, dependencies } = gateway.engine.registry;
  const lines = [
    ...upstreams.map((upstream) => `  upstream  ${describeUpstream(upstream, checks.get(upstream))}`),
    ...(upstreams.length === 0 ? ["  upstream  none: add one to the configuration, or set VR_UPSTREAM"] : []),
    ...describeRoutes(gateway, config),
    `  store     ${store ? describeStore(store) : "none: previous_response_id will find nothing"}`,
    ...dependencies.map(({ name, description }) => `  needs     ${name}: ${description}`),
    `  plugins   ${config.plugins.map((plugin) => plugin.name).join(", ")}`,
    ...warnOfOpenness(gateway, url),
    `  config    ${file}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** The lines of a description stay below its first; an upstream that does not answer says why. */
function describeUpstream({ name, description }: Upstream, check: CheckResult | undefined): string {
  const lines = [`${name}: ${description}`, ...(check?.ok === false ? [`not ready: ${check.error}`] : [])];
  return lines.join("\n").replaceAll("\n", `\n${" ".repeat(12)}`);
}

/** Where requests go by their model, unless `--upstream` has taken the place of the routes' targets. */
function describeRoutes({ engine: { router } }: Gateway, { routes }: Config): string[] {
  if (routes.length === 0) return [];
  if (router.routes.length === 0) return [`  routes    ${ROUTES_IGNORED}`];
  return router.routes.map((route) => `  route     ${describeRoute(route)}`);
}

function describeStore({ name, description }: Store): string {
  return description ? `${name}: ${description}` : name;
}

/** What anyone may do who reaches the port, if it is open to other machines and no plugin authenticates clients. */
function warnOfOpenness({ engine, endpoints }: Gateway, url: string): string[] {
  const { registry } = engine;
  const address = new URL(url).hostname.replace(/^\[|\]$/g, "");
  if (isLoopback(address) || registry.authenticates) return [];
  const { upstreams, store, ownedKinds, ownTools } = registry;
  const tools = new Set([...ownedKinds.map(({ type }) => type), ...ownTools.map(({ name }) => name)]);
  const open = [
    ["ask", upstreams.map(({ name }) => name)],
    ["read and delete responses in", store ? [store.name] : []],
    ["run tools:", [...tools]],
    ["use", endpoints],
  ] as const;
  return [
    `  warning   ${address} is open to other machines, and no plugin authenticates clients. Whoever reaches it may`,
    ...open.flatMap(([what, names]) =>
      names.length > 0 ? [`              ${what} ${names.join(", ")}`] : [],
    ),
  ];
}
