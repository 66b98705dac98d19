import type { Candidate } from "../upstream.ts";
import type { GuardedUpstream } from "./guarded-upstream.ts";
import { isExact, matches } from "./patterns.ts";
import { checkTargets, type Route, type Target } from "./routes.ts";

/** A name that a route gives to an upstream's model. */
export interface Alias {
  readonly name: string;
  readonly targets: readonly { upstream: GuardedUpstream; model: string }[];
}

/** Finds the upstreams that may answer requests for a model. */
export class UpstreamRouter {
  readonly upstreams: readonly GuardedUpstream[];
  readonly routes: readonly Route[];
  readonly #random: () => number;
  readonly #byName: ReadonlyMap<string, GuardedUpstream>;

  /** `random` returns numbers from 0 up to 1. @throws ConfigError if a route names an unknown upstream */
  constructor(
    upstreams: readonly GuardedUpstream[],
    routes: readonly Route[] = [],
    random: () => number = Math.random,
  ) {
    checkTargets(
      routes,
      upstreams.map(({ name }) => name),
    );
    this.upstreams = upstreams;
    this.routes = routes;
    this.#random = random;
    this.#byName = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
  }

  /**
   * The candidates for requests for this model, in the order to try: the targets of the first matching route, in an
   * order drawn by weight, then its fallbacks. Without a matching route, the first upstream. A request without a
   * model matches only `*`. Empty if there is no upstream.
   */
  route(model: string | undefined): readonly Candidate[] {
    const route = this.routes.find((route) =>
      route.model.some((pattern) => (model === undefined ? pattern === "*" : matches(pattern, model))),
    );
    if (route)
      return [...this.#spread(route.to), ...route.fallbacks].map((target) =>
        this.#toCandidate(target, model),
      );
    const [upstream] = this.upstreams;
    return upstream ? [{ upstream, model }] : [];
  }

  /** The names that routes add. */
  get aliases(): readonly Alias[] {
    return this.routes.flatMap((route) =>
      route.model.filter(isExact).map((name) => ({
        name,
        targets: [...route.to, ...route.fallbacks].flatMap(({ upstream: key, model = name }) => {
          const upstream = this.#byName.get(key);
          return upstream ? [{ upstream, model }] : [];
        }),
      })),
    );
  }

  #toCandidate(target: Target, model: string | undefined): Candidate {
    const upstream = this.#byName.get(target.upstream);
    if (!upstream) throw new TypeError(`no upstream "${target.upstream}"`); // checked at the start
    return { upstream, model: target.model ?? model };
  }

  /** Draws the order by weight: each target is first as often as its share says, and so on among the rest. */
  #spread(targets: readonly Target[]): readonly Target[] {
    if (targets.length === 1) return targets;
    const left = [...targets];
    const order: Target[] = [];
    while (left.length > 0) {
      let rest = this.#random() * left.reduce((sum, { weight }) => sum + weight, 0);
      const drawn = left.findIndex(({ weight }) => {
        rest -= weight;
        return rest < 0;
      });
      // If rounding leaves a remainder, the last one is drawn.
      order.push(...left.splice(drawn < 0 ? left.length - 1 : drawn, 1));
    }
    return order;
  }
}
