import type { Candidate } from "../upstream.ts";
import type { GuardedUpstream } from "./guarded-upstream.ts";
import { isExact, matches } from "./patterns.ts";
import { checkTargets, type Route, type Target } from "./routes.ts";

/** A model's name that a route gives to a model of an upstream. */
export interface Alias {
  readonly name: string;
  readonly targets: readonly { upstream: GuardedUpstream; model: string }[];
}

/** From a model's name to who may answer. */
export class UpstreamRouter {
  readonly upstreams: readonly GuardedUpstream[];
  readonly routes: readonly Route[];
  readonly #random: () => number;
  readonly #byName: ReadonlyMap<string, GuardedUpstream>;

  /** `random` gives numbers from 0 up to 1. @throws ConfigError when a route names an upstream that is not there */
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
   * Who may answer requests for this model, in the order to try: the targets of the first route that matches,
   * the chosen one in front, then its fallbacks; without such a route the first upstream. A request that names
   * no model matches `*` alone. Empty when there is no upstream at all.
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

  /** The names that routes make up. */
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

  /** In an order drawn by weight: as often in front as its share says, and so on among the rest. */
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
      // Rounding may leave a little over: then it is the last.
      order.push(...left.splice(drawn < 0 ? left.length - 1 : drawn, 1));
    }
    return order;
  }
}
