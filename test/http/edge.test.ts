import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { defineConfig } from "../../core/config.ts";
import { resolveSettings } from "../../core/config-settings.ts";
import { type Plugin, takesBody } from "../../core/index.ts";
import { storeSqlite } from "../../plugins/store-sqlite/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { type InProcess, type InProcessOptions, startInProcess } from "../helpers/in-process.ts";
import { bytesFor, type RawAnswer, raw } from "../helpers/raw.ts";
import { says, scripted } from "../helpers/scripted.ts";

const JSON_TYPE = { "content-type": "application/json" };
const question = JSON.stringify({ input: "Hello?" });

/** A gateway that can answer a few requests, with endpoints of a plugin's own that note who came. */
async function start(edge: InProcessOptions["edge"] = {}, others: Partial<InProcessOptions> = {}) {
  const reached: string[] = [];
  const endpoints: Plugin = plugin("endpoints", ({ router }) => {
    router.get("/own", (ctx) => {
      reached.push("GET");
      ctx.body = { ok: true };
    });
    router.post("/own", (ctx) => {
      reached.push("POST");
      ctx.body = { ok: true };
    });
    router.post("/upload", takesBody("multipart/form-data"), (ctx) => {
      reached.push("upload");
      ctx.body = { ok: true };
    });
  });
  const model = scripted(...Array.from({ length: 8 }, () => says("Hello.")));
  const vr = await startInProcess({ plugins: [model, endpoints], edge, ...others });
  return { vr, model, reached };
}

function errorOf({ text }: RawAnswer): { message: string; code: string; type: string } {
  return JSON.parse(text).error;
}

const ENDPOINTS: [method: string, path: string][] = [
  ["GET", "/health"],
  ["GET", "/ready"],
  ["GET", "/v1/models"],
  ["GET", "/v1/responses/resp_1"],
  ["DELETE", "/v1/responses/resp_1"],
  ["POST", "/v1/responses"],
  ["GET", "/own"],
  ["POST", "/own"],
  ["POST", "/upload"],
  ["GET", "/nothing"],
  ["OPTIONS", "/v1/responses"],
];

/** Sends a create body where one belongs. */
function ask(vr: InProcess, method: string, path: string, headers: Record<string, string>) {
  return method === "POST"
    ? raw(vr, method, path, { ...JSON_TYPE, ...headers }, question)
    : raw(vr, method, path, headers);
}

describe("a body's content type", () => {
  it.each(["/v1/responses", "/own"])("none: 415 at %s", async (path) => {
    const { vr, model, reached } = await start();
    const answer = await raw(vr, "POST", path, {}, question);
    expect(answer.status).toBe(415);
    expect(errorOf(answer).message).toContain("application/json");
    expect([model.requests, reached]).toEqual([[], []]);
  });

  it.each([
    "text/plain",
    "text/plain; application/json",
    "text/plain;charset=utf-8,application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "application/json-seq",
    "",
  ])('"%s": 415 everywhere, chunked or not', async (type) => {
    const { vr, model, reached } = await start();
    for (const path of ["/v1/responses", "/own"])
      for (const framing of [{}, { "transfer-encoding": "chunked" }] as Record<string, string>[])
        expect(await raw(vr, "POST", path, { "content-type": type, ...framing }, question)).toMatchObject({
          status: 415,
        });
    expect([model.requests, reached]).toEqual([[], []]);
  });

  it.each(["application/json", "Application/JSON ; charset=utf-8", "application/vnd.api+json"])(
    '"%s" passes',
    async (type) => {
      const { vr } = await start();
      for (const path of ["/v1/responses", "/own"])
        expect((await raw(vr, "POST", path, { "content-type": type }, question)).status).toBe(200);
    },
  );

  it("a plugin's route takes the other types that it names, and no more", async () => {
    const { vr, reached } = await start();
    const type = (name: string) => ({ "content-type": `${name}; boundary=x` });
    expect((await raw(vr, "POST", "/upload", type("Multipart/Form-Data"), "--x--")).status).toBe(200);
    expect((await raw(vr, "POST", "/upload", type("text/plain"), "--x--")).status).toBe(415);
    expect((await raw(vr, "POST", "/own", type("multipart/form-data"), "--x--")).status).toBe(415);
    expect(reached).toEqual(["upload"]);
  });

  it("a route named by its whole URL is no way around", async () => {
    const { vr, model } = await start();
    const path = `${vr.url}/v1/responses?x`;
    const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n`;
    const answer = await bytesFor(vr, `${head}Content-Length: ${question.length}\r\n\r\n${question}`);
    expect(answer).toMatch(/^HTTP\/1\.1 415 /);
    expect(model.requests).toEqual([]);
  });

  it("without a body none is needed", async () => {
    const { vr } = await start();
    expect((await raw(vr, "DELETE", "/v1/responses/resp_1")).status).toBe(404);
    expect((await raw(vr, "POST", "/own", { "content-length": "0" })).status).toBe(200);
  });

  it("where there is no such route, that is what is said", async () => {
    const { vr } = await start();
    const answer = await raw(vr, "POST", "/v1/files", { "content-type": "multipart/form-data" }, "x");
    expect([answer.status, errorOf(answer).code]).toEqual([404, "unknown_url"]);
  });
});

describe("Origin and Sec-Fetch-Site", () => {
  const foreign: Record<string, string>[] = [
    { origin: "http://evil.example" },
    { origin: "http://127.0.0.1:1" },
    { origin: "https://127.0.0.1" },
    { origin: "null" },
    { origin: "chrome-extension://abcdef" },
    { origin: "" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
  ];

  it.each(foreign)("%o: 403 at every endpoint, which names the option", async (headers) => {
    const { vr, model, reached } = await start();
    for (const [method, path] of ENDPOINTS) {
      const answer = await ask(vr, method, path, headers);
      expect([method, path, answer.status]).toEqual([method, path, 403]);
      expect(errorOf(answer)).toMatchObject({ type: "permission_error", code: "origin_not_allowed" });
      expect(errorOf(answer).message).toContain("cors.origins");
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
    expect([model.requests, reached]).toEqual([[], []]);
  });

  it("the gateway's own pages pass", async () => {
    const { vr } = await start();
    const { host, port } = new URL(vr.url);
    const own: Record<string, string>[] = [
      { origin: vr.url, "sec-fetch-site": "same-origin" },
      { origin: `http://LOCALHOST:${port}`, host: `localhost:${port}` },
      { origin: "https://localhost", host: "localhost:443" },
      { origin: "http://localhost", host: "localhost" },
      { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" },
      { "sec-fetch-site": "same-origin", host },
    ];
    for (const headers of own) expect((await ask(vr, "POST", "/own", headers)).status).toBe(200);
  });

  it("another port of the same host is not its own", async () => {
    const { vr } = await start();
    const headers = { origin: "http://localhost:3000", host: "localhost" };
    expect((await ask(vr, "POST", "/own", headers)).status).toBe(403);
  });

  it("somebody who follows a link gets what it shows, and a form that is sent here nothing", async () => {
    const { vr, reached } = await start();
    const headers = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    expect((await raw(vr, "GET", "/own", headers)).status).toBe(200);
    expect((await raw(vr, "POST", "/own", { ...headers, origin: "http://evil.example" })).status).toBe(403);
    expect((await raw(vr, "POST", "/own", headers)).status).toBe(403);
    expect(reached).toEqual(["GET"]);
  });
});

describe("cors.origins", () => {
  const page = "http://127.0.0.1:3000";
  const listed = { corsOrigins: ["HTTP://127.0.0.1:3000", "chrome-extension://abcdef"] };

  it("pages of a listed origin pass, and may read the answer with its id and warnings, errors too", async () => {
    const { vr } = await start(listed);
    const headers = { origin: page, "sec-fetch-site": "same-site" };
    for (const [path, status] of [
      ["/v1/responses", 200],
      ["/own", 200],
      ["/nothing", 404],
    ] as const) {
      const answer = await ask(vr, "POST", path, headers);
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.headers).toMatchObject({ "access-control-allow-origin": page, vary: "origin" });
      expect(answer.headers["access-control-expose-headers"]).toMatch(
        /x-request-id.*x-vr-warning.*retry-after/,
      );
    }
  });

  it("a stream is read by a listed page too", async () => {
    const { vr } = await start(listed);
    const body = JSON.stringify({ input: "Hello?", stream: true });
    const answer = await raw(vr, "POST", "/v1/responses", { ...JSON_TYPE, origin: page }, body);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": page,
      "content-type": "text/event-stream; charset=utf-8",
    });
  });

  it("other origins get nothing, and a request that names none neither", async () => {
    const { vr } = await start(listed);
    for (const headers of [
      { origin: "http://127.0.0.1:3001" },
      { origin: "http://127.0.0.1:3000.evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
    ] as Record<string, string>[])
      expect((await ask(vr, "POST", "/own", headers)).status).toBe(403);
  });

  /** What the browser SDKs of OpenAI and of Anthropic send beside what every page may. */
  const SDK_HEADERS = [
    "authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-os,x-stainless-package-version," +
      "x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout," +
      "x-stainless-helper-method,openai-organization,openai-project",
    "anthropic-beta,anthropic-dangerous-direct-browser-access,anthropic-version,authorization,content-type,x-api-key",
  ];

  it.each(SDK_HEADERS)("a preflight lets %s through, for GET, POST and DELETE", async (names) => {
    const { vr, reached } = await start(listed);
    for (const method of ["GET", "POST", "DELETE"]) {
      const answer = await raw(vr, "OPTIONS", "/v1/responses", {
        origin: page,
        "sec-fetch-site": "same-site",
        "access-control-request-method": method,
        "access-control-request-headers": names,
      });
      expect([answer.status, answer.text]).toEqual([204, ""]);
      expect(answer.headers).toMatchObject({
        "access-control-allow-origin": page,
        "access-control-allow-headers": names,
      });
      expect(answer.headers["access-control-allow-methods"]).toContain(method);
    }
    expect(reached).toEqual([]);
  });

  it("a preflight of a page that is not listed is refused", async () => {
    const { vr } = await start(listed);
    const headers = { origin: "http://evil.example", "access-control-request-method": "POST" };
    const answer = await raw(vr, "OPTIONS", "/v1/responses", headers);
    expect(answer.status).toBe(403);
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it('"*" lists all, those without a name too', async () => {
    const { vr } = await start({ corsOrigins: ["*"] });
    for (const origin of ["http://evil.example", "null"]) {
      const answer = await ask(vr, "POST", "/own", { origin });
      expect(answer.status).toBe(200);
      expect(answer.headers["access-control-allow-origin"]).toBe("*");
    }
    expect((await ask(vr, "GET", "/own", { "sec-fetch-site": "cross-site" })).status).toBe(200);
  });

  it("an origin that no browser sends is a mistake of the configuration", () => {
    for (const origin of ["127.0.0.1:3000", "http://a.example/", "http://a.example/app", "**", ""])
      expect(() => defineConfig({ plugins: [], cors: { origins: [origin] } })).toThrow(/cors\.origins/);
    for (const origin of ["*", "null", "https://a.example", "app://obsidian.md", "http://[::1]:3000"])
      expect(defineConfig({ plugins: [], cors: { origins: [origin] } }).cors.origins).toEqual([origin]);
  });
});

describe("Host", () => {
  const evil = [
    "evil.example",
    "evil.example:5969",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evillocalhost",
    "1.2.3",
    ".localhost",
    "[::1].evil.example",
    "localhost@evil.example",
  ];

  it.each(evil)('"%s": 421 at every endpoint, which names the options', async (host) => {
    const { vr, model, reached } = await start();
    for (const [method, path] of ENDPOINTS) {
      const answer = await ask(vr, method, path, { host });
      expect([method, path, answer.status]).toEqual([method, path, 421]);
      expect(errorOf(answer).code).toBe("host_not_allowed");
      expect(errorOf(answer).message).toMatch(/http\.allowedHosts.*VR_ALLOWED_HOSTS/);
    }
    expect([model.requests, reached]).toEqual([[], []]);
  });

  it("a page whose name was made to point here is of the same origin, and is refused all the same", async () => {
    const { vr } = await start({ corsOrigins: ["http://evil.example"] });
    const headers = { host: "evil.example", origin: "http://evil.example", "sec-fetch-site": "same-origin" };
    expect((await ask(vr, "POST", "/own", headers)).status).toBe(421);
  });

  it.each([
    "127.0.0.1",
    "10.1.2.3:5969",
    "[::1]:5969",
    "[fe80::1]",
    "localhost",
    "LocalHost:1",
    "localhost.:1",
    "vr.localhost",
    "a.b.localhost:80",
    hostname(),
  ])("%s passes", async (host) => {
    const { vr } = await start();
    expect((await raw(vr, "GET", "/own", { host })).status).toBe(200);
  });

  it("an empty one is no name: 421", async () => {
    const { vr } = await start();
    const bytes = "GET /own HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n";
    expect(await bytesFor(vr, bytes)).toMatch(/^HTTP\/1\.1 421 /);
  });

  it("HTTP/1.0 without one passes: no browser speaks it", async () => {
    const { vr } = await start();
    expect(await bytesFor(vr, "GET /own HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("http.allowedHosts adds names, and with *. all below one", async () => {
    const { vr } = await start({ allowedHosts: ["VR.example", "*.inside.example"] });
    const status = async (host: string) => (await raw(vr, "GET", "/own", { host })).status;
    for (const host of ["vr.example:80", "a.inside.example", "a.b.inside.example"])
      expect([host, await status(host)]).toEqual([host, 200]);
    for (const host of ["a.vr.example", "inside.example", "notinside.example", "vr.example.evil"])
      expect([host, await status(host)]).toEqual([host, 421]);
  });

  it('"*" turns the check off', async () => {
    const { vr } = await start({ allowedHosts: ["*"] });
    expect((await raw(vr, "GET", "/own", { host: "evil.example" })).status).toBe(200);
  });

  it("X-Forwarded-Host says nothing, unless http.trustProxy is set", async () => {
    const forwarded = { "x-forwarded-host": "vr.example", host: "evil.example" };
    const { vr } = await start({ allowedHosts: ["vr.example"] });
    expect((await raw(vr, "GET", "/own", forwarded)).status).toBe(421);
    const { vr: behind } = await start({ allowedHosts: ["vr.example"], trustProxy: true });
    const status = async (headers: Record<string, string>) =>
      (await ask(behind, "POST", "/own", headers)).status;
    expect(await status(forwarded)).toBe(200);
    expect(await status({ ...forwarded, origin: "https://vr.example" })).toBe(200);
    expect(await status({ ...forwarded, origin: "https://evil.example" })).toBe(403);
    expect(await status({ "x-forwarded-host": "evil.example" })).toBe(421);
    // What a page wrote stands before what the proxy adds.
    expect(await status({ "x-forwarded-host": "vr.example, evil.example" })).toBe(421);
    expect(await status({})).toBe(200);
  });

  it("elsewhere than on loopback the names hold too, unless a plugin asks everybody who they are", async () => {
    for (const [address, authenticates, expected] of [
      ["0.0.0.0", false, 421],
      ["127.0.0.1", true, 421],
      ["0.0.0.0", true, 200],
    ] as const) {
      const made: InProcessOptions["made"] = ({ engine }) => {
        engine.registry.authenticates = authenticates;
      };
      const { vr } = await start({}, { host: address, made });
      expect((await raw(vr, "GET", "/own", { host: "evil.example" })).status).toBe(expected);
    }
  });

  it("VR_ALLOWED_HOSTS takes the place of http.allowedHosts, and must hold names", () => {
    const config = defineConfig({ plugins: [storeSqlite()], http: { allowedHosts: ["a.example"] } });
    expect(resolveSettings({}, {}, config).allowedHosts).toBeUndefined();
    const env = { VR_ALLOWED_HOSTS: "b.example, *.c.example" };
    expect(resolveSettings({}, env, config).allowedHosts).toEqual(["b.example", "*.c.example"]);
    for (const wrong of ["b.example:80", "http://b.example", "a,,b", "*.*", "a b"])
      expect(() => resolveSettings({}, { VR_ALLOWED_HOSTS: wrong }, config)).toThrow(/VR_ALLOWED_HOSTS/);
    for (const wrong of ["b.example:80", "http://b.example", ""])
      expect(() => defineConfig({ plugins: [], http: { allowedHosts: [wrong] } })).toThrow(/allowedHosts/);
  });
});
