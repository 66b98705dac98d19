import { describe, expect, it } from "vitest";
import { defineConfig } from "../../core/config.ts";
import { GuardedUpstream } from "../../core/routing/guarded-upstream.ts";
import { covers, matches } from "../../core/routing/patterns.ts";
import { UpstreamRouter } from "../../core/routing/router.ts";
import { describeRoute } from "../../core/routing/routes.ts";
import { checkUpstreamLimits, toGuardLimits } from "../../core/upstream-limits.ts";
import { recordingLog } from "../helpers/recording-log.ts";

type Routes = NonNullable<Parameters<typeof defineConfig>[0]["routes"]>;

const checked = (routes: unknown) => defineConfig({ plugins: [], routes: routes as Routes }).routes;

const upstream = (name: string) =>
  new GuardedUpstream(
    {
      name,
      description: "",
      stream: () => {
        throw new Error("not asked here");
      },
      models: async () => [],
      defaultModel: () => `${name}'s own`,
    },
    toGuardLimits(checkUpstreamLimits({}, "test"), false),
    recordingLog().log,
  );

/** A router over upstreams a, b and c. `draws` are the numbers of chance, one after the other. */
function router(routes: Routes = [], ...draws: number[]) {
  const random = () => draws.shift() ?? 0;
  return new UpstreamRouter(["a", "b", "c"].map(upstream), checked(routes), random);
}

/** `a:m` for each candidate, in order. */
const order = (from: UpstreamRouter, model?: string) =>
  from.route(model).map((candidate) => `${candidate.upstream.name}:${candidate.model ?? "default"}`);

describe("a pattern", () => {
  it.each([
    ["llama", "llama", true],
    ["llama", "llama-3", false],
    ["llama", "Llama", false],
    ["*", "", true],
    ["*", "anything/at:all", true],
    ["llama-*", "llama-3", true],
    ["llama-*", "llama-", true],
    ["llama-*", "my-llama-3", false],
    ["*-instruct", "qwen-instruct", true],
    ["*-instruct", "qwen-instruct-2", false],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["a*b*c", "a-c-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["a*b*b", "ab", false],
    ["**", "x", true],
    ["gpt.4+(x)", "gpt.4+(x)", true],
    ["gpt.4*", "gptx4", false],
  ])("%s on %s: %s", (pattern, name, expected) => {
    expect(matches(pattern, name)).toBe(expected);
  });

  it("takes a long name in its stride", () => {
    expect(matches("*a*a*a*a*a*a*a*a*b", "a".repeat(1_000_000))).toBe(false);
  });

  it.each([
    ["*", "llama-*", true],
    ["llama-*", "llama-3-*", true],
    ["llama-*", "llama-3", true],
    ["llama-*", "llama*", false],
    ["llama-3", "llama-*", false],
    ["a*c", "a*c", true],
    ["a*b*c", "a*c", false],
  ])("%s leaves nothing to %s: %s", (earlier, later, expected) => {
    expect(covers(earlier, later)).toBe(expected);
  });
});

describe("routes", () => {
  it("without any, the first upstream answers, the name unchanged", () => {
    expect(order(router(), "whatever")).toEqual(["a:whatever"]);
    expect(order(router())).toEqual(["a:default"]);
  });

  it("the first that matches holds; without a match it is the first upstream", () => {
    const routes = router([
      { model: ["llama-3", "qwen*"], to: "b" },
      { model: "llama-*", to: "c" },
    ]);
    expect(order(routes, "llama-3")).toEqual(["b:llama-3"]);
    expect(order(routes, "qwen2")).toEqual(["b:qwen2"]);
    expect(order(routes, "llama-4")).toEqual(["c:llama-4"]);
    expect(order(routes, "mistral")).toEqual(["a:mistral"]);
  });

  it("an alias sends another name", () => {
    const routes = router([
      {
        model: "fast",
        to: { upstream: "b", model: "qwen2.5-7b" },
        fallbacks: ["c", { upstream: "a", model: "x" }],
      },
    ]);
    expect(order(routes, "fast")).toEqual(["b:qwen2.5-7b", "c:fast", "a:x"]);
  });

  it("a request that names no model: * alone takes it, else it is the first upstream's", () => {
    expect(order(router([{ model: "l*", to: "b" }]))).toEqual(["a:default"]);
    expect(order(router([{ model: "*", to: ["b"], fallbacks: { upstream: "c", model: "m" } }]))).toEqual([
      "b:default",
      "c:m",
    ]);
  });

  it("without an upstream there is no candidate", () => {
    expect(new UpstreamRouter([]).route("m")).toEqual([]);
  });
});

describe("weights", () => {
  const spread: Routes = [
    {
      model: "*",
      to: ["a", { upstream: "b", weight: 2 }, { upstream: "c", weight: 1 }],
      fallbacks: { upstream: "a", model: "last" },
    },
  ];

  it.each([
    [[0], ["a:m", "b:m", "c:m"]],
    [[0.2499], ["a:m", "b:m", "c:m"]],
    [[0.25], ["b:m", "a:m", "c:m"]],
    [
      [0.7499, 0.5],
      ["b:m", "c:m", "a:m"],
    ],
    [[0.75], ["c:m", "a:m", "b:m"]],
    [
      [0.9999, 0.9999],
      ["c:m", "b:m", "a:m"],
    ],
  ])("%j draws %j, the fallback last", (draws, expected) => {
    expect(order(router(spread, ...draws), "m")).toEqual([...expected, "a:last"]);
  });

  it("spread over many responses as they say", () => {
    const even = Array.from({ length: 400 }, (_, i) => [i / 400, 0, 0]).flat();
    const balanced = router(spread, ...even);
    const fronts = Array.from({ length: 400 }, () => order(balanced, "m")[0]);
    const count = (name: string) => fronts.filter((front) => front === `${name}:m`).length;
    expect([count("a"), count("b"), count("c")]).toEqual([100, 200, 100]);
  });
});

describe("a configuration", () => {
  it.each([
    ["an unknown key", [{ model: "a", to: { upstream: "a", wieght: 2 } }], /routes\[0\]\.to: .*"wieght"/],
    ["an unknown key of the route", [{ model: "a", to: "a", fallback: "b" }], /routes\[0\]: .*"fallback"/],
    ["a weight of 0", [{ model: "a", to: { upstream: "a", weight: 0 } }], /routes\[0\]\.to\.weight: /],
    [
      "a negative weight",
      [{ model: "a", to: ["b", { upstream: "a", weight: -1 }] }],
      /routes\[0\]\.to\[1\]\.weight: /,
    ],
    ["no target", [{ model: "a", to: [] }], /routes\[0\]\.to: /],
    ["no pattern", [{ model: [], to: "a" }], /routes\[0\]\.model: /],
    ["an empty pattern", [{ model: ["a", ""], to: "a" }], /routes\[0\]\.model\[1\]: /],
    ["no to", [{ model: "a" }], /routes\[0\]\.to: expected a target or several/],
    ["a target that is none", [{ model: "a", to: 5 }], /routes\[0\]\.to: expected a target or several/],
    [
      "a route behind *",
      [
        { model: "*", to: "a" },
        { model: "b", to: "b" },
      ],
      /routes\[1\]\.model: "b" is never reached: routes\[0\] matches all of it/,
    ],
    [
      "a pattern that an earlier one covers",
      [
        { model: "x", to: "a" },
        { model: ["y", "llama-*"], to: "a" },
        { model: ["z", "llama-3*"], to: "b" },
      ],
      /routes\[2\]\.model: "llama-3\*" is never reached: routes\[1\]/,
    ],
  ])("with %s is refused, and told where", (_, routes, message) => {
    expect(() => checked(routes)).toThrow(message);
  });

  it.each([
    ["to", { model: "b", to: ["a", "x"] }],
    ["fallbacks", { model: "b", to: "a", fallbacks: "x" }],
  ])("that names an unknown upstream in %s is refused, with those that there are", (key, route) => {
    const routes = [{ model: "a", to: "a" }, route] as Routes;
    expect(() => router(routes)).toThrow(
      `config: routes[1].${key}: there is no upstream "x"; configured are: "a", "b", "c"`,
    );
    expect(() => new UpstreamRouter([], checked(routes))).toThrow("configured are: none");
  });

  it("reads a route in one line", () => {
    const [route] = checked([
      { model: ["fast", "l*"], to: { upstream: "a", model: "m" }, fallbacks: ["b", "c"] },
    ]);
    expect(route && describeRoute(route)).toBe("fast, l* → a as m; else b, c");
  });
});

describe("limits of an upstream", () => {
  it.each([
    [{ maxConcurrent: 0 }, /plugin "p": limits: maxConcurrent: /],
    [{ breakerOpenMs: -1 }, /plugin "p": limits: breakerOpenMs: /],
    [{ maxConcurent: 1 } as object, /plugin "p": limits: .*"maxConcurent"/],
  ])("%j are refused", (limits, message) => {
    expect(() => checkUpstreamLimits(limits, 'plugin "p"')).toThrow(message);
  });

  it("open no circuit of an only upstream unless they say so", () => {
    expect(toGuardLimits(checkUpstreamLimits({}, ""), true).breakerFailures).toBe(0);
    expect(toGuardLimits(checkUpstreamLimits({}, ""), false).breakerFailures).toBe(5);
    expect(toGuardLimits(checkUpstreamLimits({ breakerFailures: 2 }, ""), true).breakerFailures).toBe(2);
  });
});
