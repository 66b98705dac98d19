import { describe, expect, it } from "vitest";
import { createJsonStringCutter } from "../core/index.ts";

function cut(key: string, deltas: Iterable<string>): { pieces: string[]; value: string; done: boolean } {
  const cutter = createJsonStringCutter(key);
  const pieces = [...deltas].map((delta) => cutter.push(delta));
  return { pieces, value: cutter.value, done: cutter.done };
}

/** Splits by UTF-16 unit, as the worst of transports might. */
function units(text: string): string[] {
  return text.split("");
}

const documents: Record<string, string> = {
  "a plain value": '{"code":"print(1)"}',
  "every short escape": String.raw`{"code":"a\n\t\r\b\f\"\\\/z"}`,
  "unicode escapes": String.raw`{"code":"\u0041\u00e9\u4e2d"}`,
  "an escaped surrogate pair": String.raw`{"code":"x\ud83d\ude00y"}`,
  "a raw surrogate pair": '{"code":"x😀y"}',
  "a lone surrogate at the end": String.raw`{"code":"x\ud83d"}`,
  "a lone surrogate before other text": String.raw`{"code":"\ud83dx\ude00"}`,
  "an escaped backslash before the quote": String.raw`{"code":"a\\","b":"c"}`,
  "an empty string": '{"code":""}',
  "whitespace everywhere": '\n { "a" :\t1 , "code" : "x y" }\r\n',
  "other keys before and after":
    '{"a":[1,{"code":"no"},"code"],"b":{"code":"no","c":[]},"code":"yes","z":"code"}',
  "strings that look like structure": String.raw`{"a":"},\"code\":\"no\"","code":"{[:,]}"}`,
  "a key that is spelled with escapes": String.raw`{"c\u006fde":"yes"}`,
  "a key whose name begins like it": '{"code2":"no","cod":"no","code":"yes"}',
  "a value that equals the key": '{"a":"code","code":"code"}',
  "literals before it": '{"a":null,"b":true,"c":-1.5e3,"code":"x"}',
};

describe("createJsonStringCutter", () => {
  for (const [name, json] of Object.entries(documents)) {
    const expected = JSON.parse(json).code;

    it(`cuts ${name}, however it is split`, () => {
      expect(cut("code", units(json))).toMatchObject({ value: expected, done: true });
      for (let at = 0; at <= json.length; at++) {
        const { pieces, value, done } = cut("code", [json.slice(0, at), json.slice(at)]);
        expect(pieces.join("")).toBe(expected);
        expect([value, done]).toEqual([expected, true]);
      }
    });
  }

  const nothing: Record<string, string> = {
    "the key is absent": '{"a":"x"}',
    "the key is only in a nested object": '{"a":{"code":"x"},"b":[{"code":"y"}]}',
    "the value is a number": '{"code":12,"a":"x"}',
    "the value is an object of strings": '{"code":{"code":"x"},"a":"code"}',
    "the value is an array of strings": '{"code":["x"],"a":"y"}',
    "the value is null": '{"code":null,"a":"y"}',
    "the text is an array": '["code","x"]',
    "the text is a string": '"code"',
    "the object is empty": "{}",
    "there is no text": "",
  };
  for (const [when, json] of Object.entries(nothing))
    it(`gives nothing when ${when}`, () => {
      expect(cut("code", units(json))).toMatchObject({ value: "", done: false });
      expect(cut("code", [json])).toMatchObject({ value: "", done: false });
    });

  it("gives the characters as soon as they come", () => {
    expect(cut("code", ['{"code":"pri', "nt(1)", "\\", 'n"}']).pieces).toEqual(["pri", "nt(1)", "", "\n"]);
  });

  it("never gives half of a surrogate pair", () => {
    expect(cut("code", ['{"code":"a\\ud83d', '\\ude00"}']).pieces).toEqual(["a", "😀"]);
  });

  it("is not done while the string is open", () => {
    expect(cut("code", ['{"code":"a'])).toMatchObject({ value: "a", done: false });
  });

  it("takes the first of equal keys", () => {
    expect(cut("code", ['{"code":"a","code":"b"}']).value).toBe("a");
  });
});
