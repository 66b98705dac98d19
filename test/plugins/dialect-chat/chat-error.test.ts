import { describe, expect, it } from "vitest";
import { toErrorInStream, toHttpError } from "../../../plugins/dialect-chat/index.ts";

describe("what the server said is told, in whatever envelope", () => {
  it.each<[string, unknown, string]>([
    ["OpenAI's", { error: { message: "no such field" } }, "no such field"],
    ["a text", { error: "no such field" }, "no such field"],
    ["the error alone", { message: "no such field" }, "no such field"],
    [
      "in an array",
      [{ error: { code: 400, message: "no such field", status: "INVALID_ARGUMENT" } }],
      "no such field",
    ],
    ["an array in the envelope", { error: [{ message: "no such field" }] }, "no such field"],
    ["an array of texts", ["no such field"], "no such field"],
    ["twice", { error: { error: { message: "no such field" } } }, "no such field"],
    [
      "by way of another server",
      { error: { message: "bad", metadata: { raw: "no such field" } } },
      "bad: no such field",
    ],
    ["several", { errors: [{ message: "no such field" }] }, '[{"message":"no such field"}]'],
  ])("%s", (_, body, said) => {
    expect(toHttpError(400, JSON.stringify(body)).message).toBe(`the model server answered 400: ${said}`);
  });

  it.each<[string, unknown]>([
    ["an empty array", []],
    ["an array of nothing", [null, 5]],
    ["null", null],
    ["a number", 5],
  ])("nothing is said by %s", (_, body) => {
    expect(toHttpError(400, JSON.stringify(body)).message).toBe("the model server answered 400");
  });
});

describe("in a stream, the status is that of", () => {
  it.each<[string, unknown, number]>([
    ["a number", { message: "no", code: 404 }, 404],
    ["a number as a text", { message: "no", code: "429" }, 429],
    ["Google's word", { message: "no", status: "INVALID_ARGUMENT" }, 400],
    ["Google's word for too much", { message: "no", status: "RESOURCE_EXHAUSTED" }, 429],
    ["Google's word for no key", { message: "no", status: "UNAUTHENTICATED" }, 401],
    ["an array", [{ error: { message: "no", code: 400 } }], 400],
  ])("%s", (_, error, status) => {
    expect(toErrorInStream(error)).toMatchObject({ status });
  });
});

describe("no credentials are told that stand", () => {
  it.each<[string, string]>([
    ["in a URL", "no route to https://me:s3cret@host/v1"],
    ["in a URL whose password has odd characters", "no route to https://me:s3'cret@host/v1"],
    ["in the query of a URL", "GET https://host/v1?alt=sse&key=s3cret failed"],
    ["behind Bearer", "wrong header: Bearer s3cret"],
    ["behind sk-", "no such key: sk-s3cret-s3cret"],
    ["where a text was cut", `${"x".repeat(1_990)} https://me:s3cret@host/v1`],
  ])("%s", (_, message) => {
    for (const error of [
      toHttpError(401, JSON.stringify({ error: { message } })),
      toErrorInStream({ message }),
    ])
      expect(error.message).not.toMatch(/s3'?cret/);
  });
});
