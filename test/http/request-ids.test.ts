import { expect, it } from "vitest";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";
import { expectValidError } from "../wire/wire.ts";

const endpoints = plugin("endpoints", ({ router }) => {
  router.get("/own", (ctx) => {
    ctx.body = { ok: true };
  });
  router.get("/own/broken", () => {
    throw new Error("the password is 1234");
  });
  // Koa finds out when it sends it.
  router.get("/own/no-json", (ctx) => {
    ctx.body = { count: 1n };
  });
});

const start = () => startInProcess({ plugins: [scripted(says("noon")), endpoints] });

it.each([
  ["GET", "/health", 200],
  ["HEAD", "/health", 200],
  ["GET", "/ready", 200],
  ["GET", "/v1/models", 200],
  ["GET", "/v1/models/unknown", 404],
  ["GET", "/v1/responses/unknown", 404],
  ["DELETE", "/v1/responses/unknown", 404],
  ["GET", "/nothing", 404],
  ["GET", "/v1/responses/%E0%A4%A", 404],
  ["GET", "/v1/responses", 405],
  ["PROPFIND", "/health", 405],
  ["OPTIONS", "/health", 200],
  ["GET", "/own", 200],
  ["GET", "/own/broken", 500],
  ["GET", "/own/no-json", 500],
])("%s %s (%i) has an id of its own", async (method, path, status) => {
  const vr = await start();
  const answers = await Promise.all([1, 2].map(() => fetch(vr.url + path, { method })));
  const ids = answers.map(({ headers }) => headers.get("x-request-id"));
  expect(answers.map((answer) => answer.status)).toEqual([status, status]);
  for (const id of ids) expect(id).toMatch(/^req_[0-9a-f]{48}$/);
  expect(new Set(ids).size).toBe(2);
});

it("is in the log's line about a failure, with method, path and reason", async () => {
  const vr = await start();
  const answer = await fetch(`${vr.url}/own/no-json?key=secret`);
  expectValidError(await answer.json());
  expect(vr.log.filter(({ level }) => level === "error")).toMatchObject([
    {
      fields: {
        request: answer.headers.get("x-request-id"),
        method: "GET",
        path: "/own/no-json",
        status: 500,
        err: expect.any(TypeError),
      },
    },
  ]);
  expect(JSON.stringify(vr.log)).not.toContain("secret");
});

it.each(["/v1/responses", "/v1/responses/", "/V1/Responses"])(
  "POST %s has that of its response, refused or not",
  async (path) => {
    const vr = await start();
    const post = (body: string) =>
      fetch(vr.url + path, { method: "POST", headers: { "content-type": "application/json" }, body });
    const answer = await post('{"input": "hello"}');
    expect(((await answer.json()) as { id: string }).id).toBe(answer.headers.get("x-request-id"));
    const refused = await post("no JSON");
    expect(refused.status).toBe(400);
    expect(refused.headers.get("x-request-id")).toMatch(/^resp_[0-9a-f]{48}$/);
  },
);
