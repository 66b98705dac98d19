import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { describe, expect, it } from "vitest";
import {
  type EndContext,
  RefusedError,
  StoreError,
  UpstreamError,
  VrError,
  type wire,
} from "../../core/index.ts";
import { doorman, plugin } from "../helpers/both-ways.ts";
import { text } from "../helpers/chunks.ts";
import { type InProcess, type InProcessOptions, startInProcess } from "../helpers/in-process.ts";
import { gate, says, scripted } from "../helpers/scripted.ts";
import { storeOf } from "../helpers/store-of.ts";
import { expectValidError } from "../wire/wire.ts";

interface Told {
  response: wire.Response;
  context: EndContext;
}

/** Tells of every end, also while the test waits for the next. */
function observer() {
  const told: Told[] = [];
  const waiting: (() => void)[] = [];
  const observing = plugin("observer", ({ hooks }) =>
    hooks.onComplete.tap((response, context) => {
      told.push({ response, context });
      for (const tell of waiting.splice(0)) tell();
    }),
  );
  const count = async (n: number) => {
    while (told.length < n) await new Promise<void>((resolve) => waiting.push(resolve));
    return told;
  };
  return { told, count, plugin: observing };
}

async function start(options: Partial<InProcessOptions> = {}) {
  const { plugins = [scripted(says("noon"))], ...others } = options;
  const ends = observer();
  const vr = await startInProcess({ ...others, plugins: [...plugins, ends.plugin] });
  return { vr, ends };
}

/** The raw text of a body, and headers of its own. */
function send(vr: InProcess, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${vr.url}/v1/responses`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

const down = () => {
  throw new StoreError("the disk of db.internal is full");
};

describe("a request whose body is not understood", () => {
  it.each<[what: string, status: number, body: string, headers: Record<string, string>]>([
    ["no JSON", 400, '{"input": ', {}],
    ["no object", 400, "[]", {}],
    ["nothing at all", 400, "", {}],
    ["a wrong parameter", 400, '{"input": "x", "temperature": 9}', {}],
    ["nested too deep", 400, `{"input": ${"[".repeat(200)}${"]".repeat(200)}}`, {}],
    ["too large", 413, JSON.stringify({ input: "x".repeat(2_000_000) }), {}],
    ["of another type", 415, "input=x", { "content-type": "application/x-www-form-urlencoded" }],
  ])("%s: %i, a failed response that nobody asked anything of", async (_, status, body, headers) => {
    const { vr, ends } = await start();
    const answer = await send(vr, body, headers);
    expect(answer.status).toBe(status);
    const { error } = expectValidError(await answer.json());
    const [end] = await ends.count(1);
    expect(end?.response).toMatchObject({
      id: answer.headers.get("x-request-id"),
      object: "response",
      status: "failed",
      error: { message: error.message },
      output: [],
      usage: null,
    });
    expect(end?.context).toMatchObject({
      id: answer.headers.get("x-request-id"),
      request: undefined,
      httpStatus: status,
      turns: 0,
      caller: { method: "POST", path: "/v1/responses" },
      failure: { status, code: error.code, message: error.message },
    });
  });

  it.each<[what: string, status: number, headers: Record<string, string>]>([
    ["from a web page of elsewhere", 403, { origin: "http://evil.example" }],
    ["from another site's page", 403, { "sec-fetch-site": "cross-site" }],
    ["to a name that was rebound", 421, { host: "evil.example" }],
  ])("%s: %i, told like any other", async (_, status, headers) => {
    const { vr, ends } = await start();
    const call = httpRequest(`${vr.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
    });
    call.end('{"input": "hello"}');
    const [answer] = await once(call, "response");
    answer.resume();
    expect(answer.statusCode).toBe(status);
    const [end] = await ends.count(1);
    expect(end?.response).toMatchObject({ id: answer.headers["x-request-id"], status: "failed", output: [] });
    expect(end?.context).toMatchObject({ request: undefined, httpStatus: status, failure: { status } });
  });

  it("is one whose sender left in the middle of it: cancelled, 499", async () => {
    const { vr, ends } = await start();
    const call = httpRequest(`${vr.url}/v1/responses`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "transfer-encoding": "chunked",
        expect: "100-continue", // said when the request has arrived
      },
    }).on("error", () => {});
    call.flushHeaders();
    await once(call, "continue");
    call.write('{"input": "', () => call.destroy());
    const [end] = await ends.count(1);
    expect(end?.response).toMatchObject({ status: "cancelled", error: null, output: [] });
    expect(end?.context).toMatchObject({ request: undefined, httpStatus: 499, failure: undefined });
  });
});

describe.each(["post", "stream"] as const)("a request that fails before its answer began (%s)", (way) => {
  const failures: [
    what: string,
    status: number,
    code: string | null,
    () => Partial<InProcessOptions>,
    object,
  ][] = [
    [
      "a guardrail's refusal",
      403,
      "closed",
      () => ({
        plugins: [scripted(says("noon")), doorman(() => new RefusedError("no", { code: "closed" }))],
      }),
      {},
    ],
    [
      "a plugin that asks for a key",
      401,
      null,
      () => ({
        plugins: [
          scripted(says("noon")),
          doorman(() => new VrError(401, "authentication_error", "Who are you?")),
        ],
      }),
      {},
    ],
    [
      "a plugin's bug",
      500,
      "plugin_error",
      () => ({ plugins: [scripted(says("noon")), doorman(() => new Error("oops"))] }),
      {},
    ],
    [
      "an upstream that refuses",
      429,
      null,
      () => ({ plugins: [scripted([new UpstreamError(429, "slow down")])] }),
      {},
    ],
    [
      "an upstream that is down",
      502,
      null,
      () => ({ plugins: [scripted([new UpstreamError(502, "gone")])] }),
      {},
    ],
    ["no upstream at all", 503, "no_upstream", () => ({ plugins: [] }), {}],
    [
      "a store that cannot be read",
      503,
      "store_unavailable",
      () => ({ store: storeOf({ getHistory: down }) }),
      { previous_response_id: "resp_1" },
    ],
    [
      "an unknown response",
      400,
      "previous_response_not_found",
      () => ({}),
      { previous_response_id: "resp_1" },
    ],
  ];

  it.each(failures)("%s: %i", async (_, status, code, options, body) => {
    const { vr, ends } = await start(options());
    const answer = await vr[way]({ instructions: "be kind", ...body });
    expect(answer.status).toBe(status);
    const [end] = await ends.count(1);
    expect(end?.response).toMatchObject({
      id: answer.headers.get("x-request-id"),
      status: "failed",
      error: { message: answer.error.message },
      output: [],
      instructions: "be kind",
    });
    expect(end?.context).toMatchObject({ httpStatus: status, failure: { status, code } });
    expect(end?.context.request?.instructions).toBe("be kind");
  });

  it("names the plugin at fault", async () => {
    const { vr, ends } = await start({
      plugins: [scripted(says("noon")), doorman(() => new RefusedError("no"))],
    });
    await vr[way]();
    expect((await ends.count(1))[0]?.context.failure?.plugin).toBe("doorman");
  });
});

describe("a request whose answer had begun", () => {
  it("a stream that fails in the middle: 200, and why", async () => {
    const { vr, ends } = await start({
      plugins: [scripted([text("half a"), new UpstreamError(502, "the model server crashed")])],
    });
    const { response } = await vr.stream();
    const [end] = await ends.count(1);
    expect(end?.response).toEqual(response);
    expect(end?.context).toMatchObject({ httpStatus: 200, failure: { status: 502 } });
  });

  it("an unstreamed one that cannot be stored: 503, no output", async () => {
    const { vr, ends } = await start({ store: storeOf({ putResponse: down }) });
    expect((await vr.post()).status).toBe(503);
    const [end] = await ends.count(1);
    expect(end?.response).toMatchObject({ status: "failed", output: [] });
    expect(end?.context).toMatchObject({ httpStatus: 503, failure: { code: "store_unavailable" } });
  });

  it("an unstreamed one that no JSON can say: 500, never told as completed", async () => {
    const odd = plugin("odd", ({ hooks }) =>
      hooks.onOutputItem.tap((item) => ({ ...item, annotation: 1n }) as never),
    );
    const { vr, ends } = await start({ plugins: [scripted(says("noon")), odd] });
    expect((await vr.post({ store: false })).status).toBe(500);
    expect((await ends.count(1)).map(({ response }) => response.status)).toEqual(["failed"]);
  });

  it("one that the end of the gateway cuts off: 503", async () => {
    const model = scripted([gate().promise]);
    const { vr, ends } = await start({ plugins: [model] });
    const answer = vr.post();
    await expect.poll(() => model.requests.length).toBe(1);
    const closed = vr.close();
    expect((await answer).status).toBe(503);
    await closed;
    expect(ends.told).toMatchObject([
      { response: { status: "failed" }, context: { httpStatus: 503, failure: { code: "shutting_down" } } },
    ]);
  });

  it("one whose client left before its status: cancelled, 499", async () => {
    const model = scripted([gate().promise]);
    const { vr, ends } = await start({ plugins: [model] });
    const leaving = new AbortController();
    const answer = fetch(`${vr.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"input": "hello"}',
      signal: leaving.signal,
    });
    await expect.poll(() => model.requests.length).toBe(1);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    const [end] = await ends.count(1);
    expect(end?.response.status).toBe("cancelled");
    expect(end?.context).toMatchObject({ httpStatus: 499, failure: undefined });
  });
});

it("tells once of each of many requests, whatever became of it", async () => {
  const turns = Array.from({ length: 8 }, () => says("noon"));
  const { vr, ends } = await start({
    plugins: [
      scripted(...turns),
      plugin("doorman", ({ hooks }) =>
        hooks.beforeUpstream.tap((_, turn) => {
          if (turn.response.request.instructions === "refuse") throw new RefusedError("no");
        }),
      ),
    ],
  });
  const sent = [
    ...turns.map((_, i) => (i % 2 ? vr.post() : vr.stream())),
    vr.post({ instructions: "refuse" }),
    vr.stream({ instructions: "refuse" }),
    vr.post({ input: 5 }),
    vr.stream({ tools: "none" }),
  ];
  const answers = await Promise.all(sent);
  const told = await ends.count(answers.length);
  const ids = answers.map(({ headers }) => headers.get("x-request-id"));
  expect(told.map(({ response }) => response.id).toSorted()).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(answers.length);
});
