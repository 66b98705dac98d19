import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { covers } from "./patterns.ts";

const upstreamName = z.string().min(1);

/** One upstream of a route. */
export interface Target {
  upstream: string;
  /** The name of the model that is sent to it; the one that the client said unless given. */
  model?: string | undefined;
  /** Its share among the targets of one route. */
  weight: number;
}

const target = z.union(
  [
    upstreamName.transform((upstream): Target => ({ upstream, weight: 1 })),
    z.strictObject({
      upstream: upstreamName,
      model: z.string().min(1).optional(),
      weight: z.number().positive().default(1),
    }),
  ],
  { error: "expected the name of an upstream, or { upstream, model?, weight? }" },
);

const targets = z
  .union([target, z.array(target).min(1)], { error: "expected a target or several" })
  .transform((given) => [given].flat());

const pattern = z.string().min(1);

const route = z.strictObject({
  /** Names of models; `*` stands for any text. `*` alone takes requests that name no model, too. */
  model: z
    .union([pattern, z.array(pattern).min(1)], { error: "expected a pattern or several" })
    .transform((given) => [given].flat()),
  /** Who answers; several share the responses by weight. */
  to: targets,
  /** Who is asked, in this order, when none of `to` can be. */
  fallbacks: z
    .union([target, z.array(target)], { error: "expected a target or several" })
    .transform((given) => [given].flat())
    .default([]),
});

/** Where requests go, by the model that they name. The first route that matches holds. */
export const routesSchema = z.array(route).superRefine((routes, context) => {
  for (const [i, { model }] of routes.entries())
    for (const later of model) {
      const before = routes
        .slice(0, i)
        .findIndex((other) => other.model.some((earlier) => covers(earlier, later)));
      if (before < 0) continue;
      const message = `"${later}" is never reached: routes[${before}] matches all of it`;
      context.addIssue({ code: "custom", path: [i, "model"], message });
    }
});

export type Route = z.output<typeof route>;

/** In one line, for the start banner: `small-* → a, b; else c`. */
export function describeRoute({ model, to, fallbacks }: Route): string {
  const namesOf = (targets: readonly Target[]) =>
    targets.map((target) => target.upstream + (target.model ? ` as ${target.model}` : "")).join(", ");
  const rest = fallbacks.length > 0 ? `; else ${namesOf(fallbacks)}` : "";
  return `${model.join(", ")} → ${namesOf(to)}${rest}`;
}

/** @throws ConfigError that names the target and the upstreams that there are */
export function checkTargets(routes: readonly Route[], upstreams: readonly string[]): void {
  for (const [i, route] of routes.entries())
    for (const list of ["to", "fallbacks"] as const)
      for (const { upstream } of route[list]) {
        if (upstreams.includes(upstream)) continue;
        const known = upstreams.map((name) => `"${name}"`).join(", ") || "none";
        throw new ConfigError(
          `config: routes[${i}].${list}: there is no upstream "${upstream}"; configured are: ${known}`,
        );
      }
}
