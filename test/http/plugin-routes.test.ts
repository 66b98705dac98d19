import { describe, expect, it } from "vitest";
import type { Plugin, Vr } from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { scripted } from "../helpers/scripted.ts";

type Method = "get" | "post" | "put" | "delete" | "all" | "head";
type Path = `/${string}`;

const adding = (name: string, ...routes: [Method, Path | RegExp][]) =>
  plugin(name, ({ router }) => {
    for (const [method, path] of routes)
      router[method](path as string, (ctx: { body: unknown }) => {
        ctx.body = { by: name };
      });
  });
const starting = (...plugins: Plugin[]) => startInProcess({ plugins: [scripted(), ...plugins] });

describe("a plugin's route that vr itself answers first stops the start", () => {
  it.each<[Method, Path, string]>([
    ["post", "/v1/responses", "POST /v1/responses"],
    ["get", "/health", "GET /health"],
    ["get", "/Health/", "GET /health"],
    ["head", "/health", "GET /health"],
    ["all", "/ready", "GET /ready"],
    ["get", "/v1/responses/:any", "GET /v1/responses/:id"],
    ["get", "/v1/responses/latest", "GET /v1/responses/:id"],
    ["delete", "/v1/responses/:responseId", "DELETE /v1/responses/:id"],
    ["get", "/v1/responses/:a/input_items", "GET /v1/responses/:id/input_items"],
    ["get", "/v1/models/mine", "GET /v1/models/*id"],
    ["get", "/v1/models/:owner/:name", "GET /v1/models/*id"],
  ])("%s %s", async (method, path, first) => {
    await expect(starting(adding("mine", [method, path]))).rejects.toThrow(
      new RegExp(
        `^plugin "mine" adds [A-Z]+ ${path.replace(/[/:]/g, "\\$&")}, which vr itself answers already with ${first.replace("*", "\\*")}$`,
      ),
    );
  });

  it("and closes what was set up", async () => {
    const closed: string[] = [];
    const opened = plugin("opened", (vr) => vr.onClose(() => void closed.push("opened")));
    await expect(starting(opened, adding("mine", ["get", "/health"]))).rejects.toThrow("vr itself");
    expect(closed).toEqual(["opened"]);
  });

  it("also where it comes when the plugin starts", async () => {
    const late = plugin("late", (vr: Vr) =>
      vr.onReady(() => {
        vr.router.get("/health", () => {});
      }),
    );
    await expect(starting(late)).rejects.toThrow('plugin "late" adds GET /health, which vr itself answers');
  });
});

describe("two routes of plugins, of which one would be silent, stop the start", () => {
  it.each<[Path | RegExp, Path | RegExp]>([
    ["/figures", "/figures"],
    ["/figures", "/FIGURES/"],
    ["/files/:id", "/files/:name"],
    ["/files/:id", "/files/newest"],
    ["/files{/:id}", "/files/:name"],
    ["/all/*path", "/all/*rest"],
    [/^\/x\d+$/, /^\/x\d+$/],
  ])("%s, then %s", async (first, second) => {
    await expect(starting(adding("one", ["get", first]), adding("two", ["get", second]))).rejects.toThrow(
      `plugin "two" adds GET ${second}, which plugin "one" answers already with GET ${first}`,
    );
  });

  it("of one plugin too", async () => {
    await expect(starting(adding("one", ["get", "/a/:x"], ["all", "/a/b"]))).rejects.toThrow(
      /plugin "one" adds [A-Z]+ \/a\/b, which it answers already with GET \/a\/:x/,
    );
  });
});

it("a prefix, which would move the routes of all plugins, stops the start", async () => {
  const moving = plugin("moving", ({ router }) => void router.prefix("/mine"));
  await expect(starting(adding("one", ["get", "/figures"]), moving)).rejects.toThrow(
    'plugin "moving" sets the prefix "/mine" of vr.router, which all plugins share: write it into each path',
  );
});

describe("routes that do not hide each other start", () => {
  it.each<[string, [Method, Path | RegExp][], [Method, Path | RegExp][]]>([
    ["another method", [["get", "/files"]], [["post", "/files"]]],
    ["the exact path before the pattern", [["get", "/files/newest"]], [["get", "/files/:id"]]],
    ["another depth", [["get", "/files/:id"]], [["get", "/files/:id/content"]]],
    ["a pattern for all paths, which may pass requests on", [["get", "/*path"]], [["get", "/figures"]]],
    ["an expression, which may do so too", [["get", /.*/]], [["get", "/figures"]]],
    [
      "what the core has with another method",
      [["put", "/v1/responses/:id"]],
      [["post", "/v1/responses/:id/cancel"]],
    ],
    ["a pattern that is wider than the core's routes", [["get", "/v1/*rest"]], []],
  ])("%s", async (_, first, second) => {
    await starting(adding("one", ...first), adding("two", ...second));
  });

  it("and each is answered by its plugin", async () => {
    const vr = await starting(adding("one", ["get", "/files/newest"]), adding("two", ["get", "/files/:id"]));
    const by = async (path: string) => (await (await fetch(`${vr.url}${path}`)).json()) as { by: string };
    expect([await by("/files/newest"), await by("/files/7")]).toEqual([{ by: "one" }, { by: "two" }]);
  });

  it("as do those of all shipped plugins together, and middleware of a plugin's own", async () => {
    const guard = plugin("guard", ({ router }) => {
      router.use((_ctx, next) => next());
      router.use("/files", (_ctx, next) => next());
    });
    await starting(guard, adding("one", ["get", "/files/:id"]));
  });
});
