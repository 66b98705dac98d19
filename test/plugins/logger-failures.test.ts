import { expect, it } from "vitest";
import { RefusedError, StoreError, UpstreamError } from "../../core/index.ts";
import { logger } from "../../plugins/logger/index.ts";
import { doorman } from "../helpers/both-ways.ts";
import { text } from "../helpers/chunks.ts";
import { type InProcess, type InProcessOptions, startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";
import { storeOf } from "../helpers/store-of.ts";

const post = (vr: InProcess, body: string, headers: Record<string, string> = {}) =>
  fetch(`${vr.url}/v1/responses?key=sesame`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
const model = () => scripted(says("noon"));
const ASKED = '{"input": "hello"}';
const STREAMED = '{"input": "hello", "stream": true}';

const cases: [what: string, body: string, options: () => InProcessOptions, level: string, line: object][] = [
  [
    "a body that is no JSON",
    "no JSON",
    () => ({ plugins: [model()] }),
    "info",
    { httpStatus: 400, message: expect.stringContaining("not valid JSON") },
  ],
  [
    "a wrong parameter",
    '{"input": "hello", "temperature": 9}',
    () => ({ plugins: [model()] }),
    "info",
    { httpStatus: 400, param: "temperature", message: expect.stringContaining("temperature") },
  ],
  [
    "a refusal",
    ASKED,
    () => ({ plugins: [model(), doorman(() => new RefusedError("No.", { code: "closed" }))] }),
    "info",
    { httpStatus: 403, code: "closed", message: "No.", fault: "doorman" },
  ],
  [
    "a plugin's bug",
    ASKED,
    () => ({ plugins: [model(), doorman(() => new TypeError("x is undefined"))] }),
    "error",
    {
      httpStatus: 500,
      code: "plugin_error",
      message: 'plugin "doorman" failed in beforeUpstream',
      fault: "doorman",
      err: { cause: new TypeError("x is undefined") },
    },
  ],
  [
    "an upstream that is down",
    ASKED,
    () => ({ plugins: [scripted([new UpstreamError(502, "It is gone.")])] }),
    "error",
    { httpStatus: 502, message: "It is gone.", fault: "scripted" },
  ],
  [
    "an upstream that breaks off a stream",
    STREAMED,
    () => ({ plugins: [scripted([text("half"), new UpstreamError(502, "It is gone.")])] }),
    "error",
    { httpStatus: 200, error: "server_error", message: "It is gone.", fault: "scripted" },
  ],
  [
    "a store that is down",
    ASKED,
    () => ({
      plugins: [model()],
      store: storeOf({
        putResponse: () => {
          throw new StoreError("db.internal cannot be reached");
        },
      }),
    }),
    "error",
    {
      httpStatus: 503,
      code: "store_unavailable",
      message: "db.internal cannot be reached",
      fault: "broken-store",
    },
  ],
];

it.each(cases)("writes one line, and nobody another, for %s", async (_, body, options, level, line) => {
  const { plugins, ...others } = options();
  const vr = await startInProcess({ ...others, plugins: [logger(), ...plugins] });
  const answer = await post(vr, body);
  await answer.text();
  const lines = vr.log.filter((logged) => logged.level !== "debug");
  expect(lines).toMatchObject([
    {
      level,
      message: "response failed",
      fields: {
        id: answer.headers.get("x-request-id"),
        status: "failed",
        method: "POST",
        path: "/v1/responses",
        ...line,
      },
    },
  ]);
  expect(lines[0]?.fields).not.toHaveProperty("model", "");
});

it("cuts secrets out of the message", async () => {
  const failing = scripted([
    new UpstreamError(401, "Wrong key at http://ada:sesame@10.0.0.1/v1: Bearer abcdefgh12345"),
  ]);
  const vr = await startInProcess({ plugins: [logger(), failing] });
  await (await post(vr, ASKED)).text();
  const message = vr.log.find((line) => line.message === "response failed")?.fields.message;
  expect(message).toBe("Wrong key at http://[redacted]@10.0.0.1/v1: Bearer [redacted]");
});

it("leaves out of a failure's line what is not among its fields", async () => {
  const vr = await startInProcess({ plugins: [logger({ fields: ["id", "code"] }), model()] });
  await (await post(vr, '{"input": "hello", "previous_response_id": "resp_1"}')).text();
  const line = vr.log.find(({ message }) => message === "response failed");
  expect(Object.keys(line?.fields ?? {}).toSorted()).toEqual(["code", "id", "plugin", "response"]);
});
