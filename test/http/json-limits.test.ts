import { describe, expect, it } from "vitest";
import { defineConfig } from "../../core/config.ts";
import { scanJson } from "../../core/protocol/json-scan.ts";
import { post } from "../helpers/ask.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";

/** How many values a parsed text holds, and how deep. */
function measure(value: unknown): { values: number; depth: number } {
  if (typeof value !== "object" || value === null) return { values: 1, depth: 0 };
  const inner = Object.values(value).map(measure);
  return {
    values: inner.reduce((sum, { values }) => sum + values, 1),
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
  };
}

const LONG = "x".repeat(100);
const TEXTS = [
  "1",
  '""',
  '"[[[,,,"',
  "[]",
  "[ \n ]",
  "{}",
  "[1]",
  "[[]]",
  "[[],[],{}]",
  "[null,true,false,-1.5e3]",
  '{"a":{"b":[{},{"c":""}]}}',
  ' { "a" : [ 1 , 2 ] , "b" : { } } ',
  String.raw`["\"","\\","\\\"","\\\\",",[{\"a\":1}]"]`,
  `["${LONG}\\"${LONG}\\\\","${LONG}\\\\\\",[${LONG}",["${LONG}"]]`,
  `{"${LONG}[{,":"${LONG}\\\\\\\\"}`,
  `["${"\\\\".repeat(40)}",{"${'\\"'.repeat(40)}":[]}]`,
];

it("are 32 MiB, 200,000 values and 100 levels by default", () => {
  const { bodyBytes, jsonValues, jsonDepth } = defineConfig({ plugins: [] }).limits;
  expect({ bodyBytes, jsonValues, jsonDepth }).toEqual({
    bodyBytes: 33_554_432,
    jsonValues: 200_000,
    jsonDepth: 100,
  });
});

describe("a scan of JSON's bytes", () => {
  it.each(TEXTS)("counts values and levels as they are: %s", (text) => {
    const { values, depth } = measure(JSON.parse(text));
    const bytes = Buffer.from(text);
    expect(scanJson(bytes, { jsonDepth: depth, jsonValues: values })).toBe(values);
    expect(scanJson(bytes, { jsonDepth: depth, jsonValues: values - 1 })).toBe("jsonValues");
    if (depth > 0) expect(scanJson(bytes, { jsonDepth: depth - 1, jsonValues: values })).toBe("jsonDepth");
  });

  it.each(['"', '["a', '"\\', "]]]", "{[}", '["a"', `"${"\\".repeat(99)}`, `"${LONG}\\"`])(
    "ends at the end of a text that is none: %s",
    (text) => {
      expect(scanJson(Buffer.from(text), { jsonDepth: 9, jsonValues: 9 })).toBeTypeOf("number");
    },
  );
});

describe("a request over a limit", () => {
  const start = (http: { bodyBytes?: number; jsonDepth?: number; jsonValues?: number }) =>
    startInProcess({ plugins: [scripted(says("ok"), says("ok"))], http });

  async function refused(vr: { url: string }, body: string) {
    const answer = await post(vr, body);
    return { status: answer.status, ...((await answer.json()) as { error: object }).error };
  }

  // One that is small is parsed before it is measured, one that is large is not.
  it.each([10, 10_000])("of jsonValues, with %i more of them", async (more) => {
    const vr = await start({ jsonValues: 20 });
    const filled = (values: number) => `{"input":"x","metadata":[${"1,".repeat(values - 4)}1]}`;
    expect((await refused(vr, filled(20))) as object).toMatchObject({ param: "metadata" });
    expect(await refused(vr, filled(20 + more))).toMatchObject({
      status: 400,
      code: "too_many_values",
      message: "The body holds more than 20 values (limits.jsonValues).",
    });
  });

  it.each([1, 1_000_000])(
    "of jsonDepth, where jsonValues are %i: a body that is scanned, or not",
    async (jsonValues) => {
      const vr = await start({ jsonDepth: 10, jsonValues: Math.max(jsonValues, 12) });
      const deep = (levels: number) =>
        `{"input":"x","metadata":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
      expect(await refused(vr, deep(10))).toMatchObject({ param: "metadata" });
      expect(await refused(vr, deep(11))).toMatchObject({
        status: 400,
        message: "The body is nested more than 10 levels deep (limits.jsonDepth).",
      });
    },
  );

  it("of bodyBytes", async () => {
    const vr = await start({ bodyBytes: 100 });
    expect(await refused(vr, `{"input":"${"x".repeat(100)}"}`)).toMatchObject({
      status: 413,
      message: "The body is larger than 100 bytes (limits.bodyBytes).",
    });
  });
});
