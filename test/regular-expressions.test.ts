import { describe, expect, it } from "vitest";
import { expressionsIn, expressionsOf } from "./helpers/expressions.ts";
import { superlinearInput } from "./helpers/superlinear.ts";

/** Made of what only a run knows, and why that is harmless. */
const MADE_AT_RUN_TIME: readonly RegExp[] = [
  // A choice among texts, each escaped.
  /^plugins\/mcp\/redact\.ts:/,
];

describe.each(["core", "plugins"])(
  "no input takes the regular expressions of %s longer than its length:",
  (folder) => {
    const written = expressionsIn(folder);
    const byFile = Map.groupBy(written, ({ place }) =>
      place.split("/").slice(0, 2).join("/").replace(/:.*/, ""),
    );

    it.each([...byFile])("%s", (_, some) => {
      const slow = some.map(({ place, expression }) => ({
        place,
        expression: String(expression),
        input: expression && superlinearInput(expression),
      }));
      expect(slow.filter(({ input }) => input !== undefined)).toEqual([]);
    });

    it("and all are known when the gateway is built", () => {
      const unknown = written.filter(({ expression }) => !expression).map(({ place }) => place);
      expect(unknown.filter((place) => !MADE_AT_RUN_TIME.some((known) => known.test(place)))).toEqual([]);
    });
  },
);

describe("an expression is found that takes", () => {
  it.each([
    ["exponentially long", /^(a+)+$/],
    ["exponentially long by its alternatives", /^(?:a|a)+$/],
    ["the fourth power", /\bwhat(?:'s|’s| is| was) (my|the) ([\p{L}\p{N} -]+?)\s*(?:again)?\s*\?*$/iu],
    ["the third power", /fibonacci\D*(\d+)|(\d+)\S*\s+fibonacci/i],
    ["the third power behind a word", /^(?:search|look)\b.*?\b(?:for|about)\s+(.+?)[?.!]*$/i],
    ["the square, in the middle", /(\d+)\s*(?:to|through|-|\.\.)\s*(\d+)/],
    ["the square, at the end", /\/+$/],
    ["the square, until a fence", /```(?:python|py)?\s*\n([\s\S]*?)\n?```/],
    ["the square, behind a beginning that comes again", /exceed[^.]*context (?:size|length)/i],
    ["the square, behind a boundary", /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/]*@/gi],
    ["the square, by a quotation mark of another kind", /["“]([^"”]+)["”]/],
    ["the square, in a class with properties", /\p{Lu}[\p{L}.-]*\s*,\s*\p{Lu}+!/u],
  ])("%s", (_, expression) => {
    expect(superlinearInput(expression)).toBeTypeOf("string");
  });

  it("in a literal, in a text and in a template", () => {
    const code = "const a = /x+/g, b = RegExp('y+'), c = new RegExp(`$" + "{a}+$`, 'u'), d = new RegExp(a);";
    expect(expressionsOf(code, "some.ts").map(({ expression }) => expression)).toEqual([
      /x+/g,
      /y+/,
      /word+$/u,
      undefined,
    ]);
  });
});
