import { describe, expect, it } from "vitest";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";
import { expectValidError } from "../wire/wire.ts";

const model = () => scripted(says("noon"));
const json = { "content-type": "application/json" };

describe("a path that nothing serves", () => {
  it.each([
    ["POST", "/v1/chat/completions", "passthrough"],
    ["GET", "/v1/chat/completions", "passthrough"],
    ["POST", "/v1/chat/completions/", "passthrough"],
    ["POST", "/V1/Chat/Completions", "passthrough"],
    ["POST", "/v1/completions", "passthrough"],
    ["POST", "/v1/embeddings", "passthrough"],
    ["POST", "/tokenize", "passthrough"],
    ["POST", "/v1/containers", "code-interpreter"],
    ["GET", "/v1/containers/cntr_1/files", "code-interpreter"],
    ["GET", "/v1/mcp/servers", "mcp"],
  ])("%s %s is a 404 that names the plugin which would: %s", async (method, path, served) => {
    const vr = await startInProcess({ plugins: [model()] });
    const answer = await fetch(vr.url + path, {
      method,
      ...(method === "POST" ? { headers: json, body: "{}" } : {}),
    });
    expect(answer.status).toBe(404);
    const { error } = expectValidError(await answer.json());
    expect(error.code).toBe("unknown_url");
    expect(error.message).toBe(
      `There is no ${method} ${path} here. The plugin "${served}" can serve it: see the configuration.`,
    );
  });

  it.each(["/v1/chat", "/v1/chat/completionsx", "/v1/conversations"])(
    "%s is a plain 404 where no plugin would",
    async (path) => {
      const vr = await startInProcess({ plugins: [model()] });
      const { error } = expectValidError(await (await fetch(vr.url + path)).json());
      expect(error.message).toBe(`There is no GET ${path} here.`);
    },
  );
});

describe("GET /", () => {
  it("says in text what runs here, plugins' endpoints too, and nothing of what is behind it", async () => {
    const own = plugin("own", ({ router }) => {
      router.get("/own/things/:id", (ctx) => {
        ctx.body = "thing";
      });
    });
    const vr = await startInProcess({ plugins: [model(), own] });
    const answer = await fetch(`${vr.url}/`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const text = await answer.text();
    expect(text.split("\n")[0]).toBe("vr: a gateway that speaks the OpenAI Responses API");
    for (const line of [
      "POST    /v1/responses",
      "GET     /v1/models",
      "GET     /health",
      "GET     /own/things/:id",
    ])
      expect(text).toContain(`\n  ${line}\n`);
    expect(text).not.toContain("scripted");
    expect((await fetch(`${vr.url}/`, { method: "HEAD" })).status).toBe(200);
  });

  it("is a plugin's page where one has it", async () => {
    const page = plugin("page", ({ router }) => {
      router.get("/", (ctx) => {
        ctx.body = "a page";
      });
    });
    const vr = await startInProcess({ plugins: [model(), page] });
    expect(await (await fetch(`${vr.url}/`)).text()).toBe("a page");
  });
});
