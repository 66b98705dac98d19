import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type {
  InTurn,
  JsonSchema,
  ModelChunk,
  ModelFunction,
  ModelItem,
  ModelRequest,
  Turn,
} from "../../core/index.ts";
import { createDemo } from "../../plugins/demo/index.ts";

const demo = createDemo({ delayMs: 0 });

const user = (content: string): InTurn<ModelItem> => ({ item: { role: "user", content } });
const model = (content: string): InTurn<ModelItem> => ({ item: { role: "assistant", content } });
const called = (name: string, output: string): InTurn<ModelItem>[] => [
  { item: { type: "function_call", call_id: `call_${name}`, name, arguments: "{}" } },
  { item: { type: "function_call_output", call_id: `call_${name}`, output } },
];

function tool(name: string, properties: JsonSchema, extra: Partial<ModelFunction> = {}): ModelFunction {
  return { name, parameters: { type: "object", properties, required: Object.keys(properties) }, ...extra };
}
const python = tool("code_interpreter", { code: { type: "string" } });
const weather = tool(
  "get_weather",
  { city: { type: "string" }, unit: { enum: ["celsius", "fahrenheit"] } },
  { description: "Get the current weather for a city. Returns degrees." },
);
const docs = tool("search_docs", { query: { type: "string" } });

function request(prompt: string | InTurn<ModelItem>[], extra: Partial<ModelRequest> = {}): ModelRequest {
  const items = typeof prompt === "string" ? [user(prompt)] : prompt;
  return {
    model: "demo",
    items,
    tools: [],
    toolChoice: { mode: "auto" },
    stream: true,
    passthrough: {},
    ...extra,
  };
}

async function batches(
  asked: ModelRequest,
  signal = new AbortController().signal,
): Promise<(readonly ModelChunk[])[]> {
  const all: (readonly ModelChunk[])[] = [];
  for await (const batch of demo.stream(asked, { signal } as Turn)) all.push(batch);
  return all;
}

async function answer(prompt: string | InTurn<ModelItem>[], extra?: Partial<ModelRequest>) {
  const chunks = (await batches(request(prompt, extra))).flat();
  const calls: { name: string; arguments: Record<string, unknown> }[] = [];
  const raw: string[] = [];
  for (const chunk of chunks) {
    if (chunk.type === "tool_call") calls[chunk.index] = { name: chunk.name, arguments: {} };
    if (chunk.type === "tool_arguments") raw[chunk.index] = (raw[chunk.index] ?? "") + chunk.delta;
  }
  for (const [index, json] of raw.entries())
    Object.assign(calls[index] ?? {}, { arguments: JSON.parse(json) });
  const last = chunks.at(-1);
  return {
    chunks,
    calls,
    text: joined(chunks, "text"),
    reasoning: joined(chunks, "reasoning"),
    usage: chunks.find((chunk) => chunk.type === "usage")?.usage,
    finish: last?.type === "finish" ? last.reason : undefined,
  };
}

function joined(chunks: readonly ModelChunk[], type: "text" | "reasoning"): string {
  return chunks.map((chunk) => (chunk.type === type ? chunk.text : "")).join("");
}

describe("the demo model's texts", () => {
  for (const prompt of ["Hello", "", "What is 12 * 7", "My name is Ada", "Say: hi", "Count to 3"])
    it(`say that they are a demo model's: ${prompt || "(no prompt)"}`, async () => {
      const { text, finish } = await answer(prompt);
      expect(text).toContain("demo model");
      expect(finish).toBe("stop");
    });

  it("say how to use a real model", async () => {
    expect((await answer("Hello there")).text).toMatch(/“Hello there”.*VR_UPSTREAM=http:/);
  });

  it("come word by word when streamed, and at once when not", async () => {
    const streamed = await batches(request("Count to 5"));
    const unstreamed = await batches(request("Count to 5", { stream: false }));
    expect(streamed.map((batch) => joined(batch, "text")).slice(0, 3)).toEqual(["1", " 2", " 3"]);
    expect(unstreamed).toEqual([streamed.flat()]);
  });

  it("calculate when no tool does", async () => {
    expect((await answer("What is 12 * 7?")).text).toContain("12 * 7 = 84.");
    expect((await answer("2 + 3 * (4 - 1) ^ 2")).text).toContain("= 29.");
    expect((await answer("What is the factorial of 20?")).text).toContain("2432902008176640000");
  });

  it("remember what the user said", async () => {
    const history = [
      user("My name is Ada Lovelace."),
      model("Hello"),
      user("The code word is plum."),
      model("Yes"),
    ];
    expect((await answer([...history, user("What is my name?")])).text).toContain("Ada Lovelace");
    expect((await answer([...history, user("what's the code word?")])).text).toContain("plum");
    expect((await answer([...history, user("What did I say before?")])).text).toContain(
      "“The code word is plum.”",
    );
    expect((await answer([...history, user("What did I say first?")])).text).toContain(
      "“My name is Ada Lovelace.”",
    );
    expect((await answer("What is my name?")).text).toContain("not told me");
  });
});

describe("the demo model's calls", () => {
  const code: [string, string][] = [
    ["Calculate the factorial of 5", "import math\nprint(math.factorial(5))"],
    ["Calculate the factorial of 23", "import math\nprint(math.factorial(23))"],
    ["what is 12 * 7", "print(12 * 7)"],
    ["Compute 2^10", "print(2**10)"],
    ["Run ```python\nprint('a')\nprint('b')\n```", "print('a')\nprint('b')"],
  ];
  for (const [prompt, expected] of code)
    it(`write Python for: ${prompt.split("\n")[0]}`, async () => {
      const { calls, finish, text } = await answer(prompt, { tools: [weather, python] });
      expect(calls.map(({ name }) => name)).toEqual(["code_interpreter"]);
      expect(String(calls[0]?.arguments.code).replaceAll(" ", "")).toBe(expected.replaceAll(" ", ""));
      expect([finish, text]).toEqual(["tool_calls", ""]);
    });

  it("know a code tool by its parameters", async () => {
    const own = tool("sandbox", { code: { type: "string" } });
    expect((await answer("Calculate 1 + 1", { tools: [own] })).calls).toEqual([
      { name: "sandbox", arguments: { code: "print(1 + 1)" } },
    ]);
  });

  it("quote a tool's output", async () => {
    const items = [user("Calculate the factorial of 5"), ...called("code_interpreter", "120\n")];
    const { text, calls } = await answer(items, { tools: [python] });
    expect(text).toBe("The result is 120. (demo model)");
    expect(calls).toEqual([]);
  });

  it("are made again for the next question", async () => {
    const items = [
      user("Calculate 1 + 1"),
      ...called("code_interpreter", "2"),
      model("2"),
      user("Calculate 2 + 2"),
    ];
    expect((await answer(items, { tools: [python] })).calls[0]?.arguments).toEqual({ code: "print(2 + 2)" });
  });

  it("are chosen by the words of the prompt, with arguments from it", async () => {
    const tools = [python, weather, docs];
    expect((await answer("What is the weather in Oslo in fahrenheit?", { tools })).calls).toEqual([
      { name: "get_weather", arguments: { city: "Oslo", unit: "fahrenheit" } },
    ]);
    expect((await answer("Search the docs for chunk order.", { tools })).calls).toEqual([
      { name: "search_docs", arguments: { query: "chunk order" } },
    ]);
    expect((await answer('use get_weather with {"city": "Rome"}', { tools })).calls).toEqual([
      { name: "get_weather", arguments: { city: "Rome", unit: "celsius" } },
    ]);
    expect((await answer("Hello, how are you?", { tools })).calls).toEqual([]);
  });

  it("are parallel unless that is forbidden", async () => {
    const prompt = "What is the weather in Paris and New York, and calculate 2 * 3";
    const tools = [weather, python];
    const names = async (extra: Partial<ModelRequest>) =>
      (await answer(prompt, { tools, ...extra })).calls.map(({ name, arguments: { city } }) => city ?? name);
    expect(await names({})).toEqual(["Paris", "New York", "code_interpreter"]);
    expect(await names({ parallelToolCalls: false })).toEqual(["Paris"]);
  });

  it("obey the tool choice", async () => {
    const tools = [docs, weather];
    const called = async (prompt: string, toolChoice: ModelRequest["toolChoice"]) =>
      (await answer(prompt, { tools, toolChoice })).calls.map(({ name }) => name);
    expect(await called("What is the weather?", { mode: "none" })).toEqual([]);
    expect(await called("Hello", { mode: "required" })).toEqual(["search_docs"]);
    expect(await called("Hello", { mode: "required", names: ["get_weather"] })).toEqual(["get_weather"]);
    expect(await called("What is the weather?", { mode: "auto", names: ["search_docs"] })).toEqual([]);
  });
});

describe("the demo model's JSON", () => {
  const schemas: Record<string, JsonSchema> = {
    "types, enums and constants": {
      type: "object",
      properties: {
        text: { type: "string", minLength: 200 },
        short: { type: "string", maxLength: 3 },
        count: { type: "integer", minimum: 10, maximum: 12 },
        share: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 },
        step: { type: "integer", multipleOf: 7, minimum: 20 },
        ok: { type: "boolean" },
        none: { type: "null" },
        kind: { enum: ["b", "a"] },
        version: { const: 2 },
        maybe: { type: ["null", "string"] },
      },
      required: ["text", "short", "count", "share", "step", "ok", "none", "kind", "version", "maybe"],
      additionalProperties: false,
    },
    "nested objects and arrays": {
      type: "object",
      properties: {
        steps: {
          type: "array",
          minItems: 3,
          uniqueItems: true,
          items: { type: "string" },
        },
        people: {
          type: "array",
          items: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
        },
        pair: {
          type: "array",
          prefixItems: [{ type: "string" }, { type: "integer" }],
          minItems: 2,
          items: false,
        },
        empty: { type: "array", maxItems: 0 },
      },
      required: ["steps", "people", "pair", "empty"],
    },
    "references, alternatives and recursion": {
      $defs: {
        node: {
          type: "object",
          properties: {
            value: { type: "integer" },
            next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] },
          },
          required: ["value", "next"],
        },
      },
      type: "object",
      properties: {
        list: { $ref: "#/$defs/node" },
        either: { oneOf: [{ type: "null" }, { type: "integer", minimum: 5 }] },
        both: {
          allOf: [
            { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
            { required: ["b"], properties: { b: { type: "integer" } } },
          ],
        },
      },
      required: ["list", "either", "both"],
    },
    "formats and patterns": {
      type: "object",
      properties: {
        day: { type: "string", format: "date", pattern: "^\\d{4}-\\d{2}-\\d{2}$" },
        code: { type: "string", pattern: "^[A-Z]{2}$" },
        zip: { type: "string", pattern: "^\\d{3}$" },
      },
      required: ["day", "code", "zip"],
    },
    "defaults and examples": {
      type: "object",
      properties: { colour: { type: "string", default: "red" }, size: { type: "integer", examples: [42] } },
    },
  };
  for (const [what, schema] of Object.entries(schemas)) {
    const isValid = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

    it(`fits a schema with ${what}`, async () => {
      const { text } = await answer("Plan a trip for 100 people", {
        format: { type: "json_schema", name: "x", schema },
      });
      expect(isValid(JSON.parse(text)), text).toBe(true);
    });

    it(`fits arguments to a schema with ${what}`, async () => {
      const tools = [{ name: "plan", parameters: schema }];
      const { calls } = await answer("Plan a trip", { tools, toolChoice: { mode: "required" } });
      expect(isValid(calls[0]?.arguments), JSON.stringify(calls)).toBe(true);
    });
  }

  it("holds the answer where the schema has a place for it", async () => {
    const schema = { type: "object", properties: { answer: { type: "string" } }, required: ["answer"] };
    const { text } = await answer("What is 12 * 7", { format: { type: "json_schema", name: "x", schema } });
    expect(JSON.parse(text)).toEqual({ answer: "12 * 7 = 84." });
  });

  it("is an object when any object will do", async () => {
    const { text } = await answer("What is 12 * 7", { format: { type: "json_object" } });
    expect(JSON.parse(text)).toEqual({ answer: "12 * 7 = 84.", model: "demo model" });
  });
});

describe("the demo model answers at once", () => {
  const many = (text: string) => text.repeat(200_000);
  it.each([
    ["digits", `Calculate ${many("0")}x`],
    ["digits before a Fibonacci number", `Calculate ${many("0")} fibonacci`],
    ["the same word", `Calculate ${many("fibonacci ")}`],
    ["brackets and signs", `Calculate ${many("(-")}`],
    ["blanks", `What is my ${many(" ")}x`],
    ["questions", many("what is my ")],
    ["a search", `Search ${many("for ?")}\n`],
    ["capitals", `the weather in ${many("A, ")}1`],
    ["fences", `Run ${many("```\n")}`],
    ["quotes", `Calculate ${many("“")}`],
    ["braces", many("{")],
    ["full stops", `weather in A${many(".")}b`],
  ])("to a prompt of many %s", async (_, prompt) => {
    const search = tool("search_text", { query: { type: "string" }, repo: { type: "string" } });
    const { finish } = await answer(prompt, { tools: [python, weather, search], stream: false });
    expect(finish).toMatch(/stop|tool_calls/);
  });

  describe("to schemas that ask for without end, with what there is room for", () => {
    const names = Array.from({ length: 10 }, (_, index) => `p${index}`);
    const chain = Array.from({ length: 40 }, (_, index) => [
      `s${index}`,
      { allOf: [{ $ref: `#/$defs/s${index + 1}` }, { $ref: `#/$defs/s${index + 1}` }] },
    ]);
    it.each<[string, JsonSchema]>([
      ["more items than fit into memory", { type: "array", items: {}, minItems: 1e9 }],
      ["other items each time", { type: "array", items: {}, minItems: 1e9, uniqueItems: true }],
      ["a string longer than there can be", { type: "string", minLength: 1e9 }],
      [
        "long strings many times",
        { type: "array", items: { type: "string", minLength: 1e6 }, minItems: 1e6 },
      ],
      ["a long constant many times", { type: "array", items: { const: "x".repeat(1e6) }, minItems: 1e6 }],
      ["a long default many times", { type: "array", items: { default: ["x".repeat(1e6)] }, minItems: 1e6 }],
      [
        "itself in each of its members",
        {
          type: "object",
          required: names,
          properties: Object.fromEntries(names.map((name) => [name, { $ref: "#" }])),
        },
      ],
      [
        "a long name at each step",
        {
          type: "object",
          properties: { a: { $ref: "#" }, b: { $ref: "#" }, ["x".repeat(1e6)]: {} },
        },
      ],
      ["itself twice at once", { allOf: [{ $ref: "#" }, { $ref: "#" }] }],
      ["twice as much at each reference", { $ref: "#/$defs/s0", $defs: Object.fromEntries(chain) }],
      ["a reference that is not escaped", { $ref: "#/%E0%A4" }],
    ])("%s", async (_, schema) => {
      const { text } = await answer("hello", { format: { type: "json_schema", name: "x", schema } });
      expect(text.length).toBeLessThan(2_000_000);
      expect(() => JSON.parse(text)).not.toThrow();
    });
  });

  it("to a long prompt and an enum of many values", async () => {
    const schema = { enum: Array.from({ length: 100_000 }, (_, index) => `ab${index}`) };
    const { text } = await answer("a".repeat(1e6), { format: { type: "json_schema", name: "x", schema } });
    expect(JSON.parse(text)).toBe("ab0");
  });

  it("to patterns that never end, wherever they are", async () => {
    const pattern = "^(?:[0-9a-z.-]+)+#";
    const text = { type: "string", pattern, default: "a".repeat(60) };
    const schema = {
      type: "object",
      properties: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`text${i}`, text])),
    };
    const format = { type: "json_schema", name: "x", schema } as const;
    expect(Object.keys(JSON.parse((await answer("Hello", { format })).text))).toHaveLength(50);
    const tools = [{ name: "plan", parameters: schema }];
    expect((await answer("Plan", { tools, toolChoice: { mode: "required" } })).calls).toHaveLength(1);
  });
});

describe("the demo model's parameters", () => {
  it("bring reasoning before the answer", async () => {
    const { chunks, reasoning, usage } = await answer("Hello", { reasoning: { effort: "low" } });
    expect(chunks[0]?.type).toBe("reasoning");
    expect(reasoning).toContain("“Hello”");
    expect(usage?.output_tokens_details.reasoning_tokens).toBe(
      chunks.filter(({ type }) => type === "reasoning").length,
    );
    expect((await answer("Hello", { reasoning: { effort: "none" } })).reasoning).toBe("");
  });

  it("cut the answer at the limit of output tokens", async () => {
    const { text, finish, usage } = await answer("Count to 100", { maxOutputTokens: 4 });
    expect([text, finish, usage?.output_tokens]).toEqual(["1 2 3 4", "length", 4]);
  });

  it("bring logprobs with every word", async () => {
    const { chunks } = await answer("Say: a b", { logprobs: true, topLogprobs: 2 });
    const texts = chunks.filter((chunk) => chunk.type === "text");
    expect(texts.map(({ text, logprobs }) => [text, logprobs?.[0]?.token])).toEqual(
      texts.map(({ text }) => [text, text]),
    );
    expect(texts[0]?.logprobs?.[0]?.top_logprobs).toHaveLength(2);
  });

  it("count words as tokens", async () => {
    const { usage } = await answer("one two three", { instructions: "four five" });
    expect(usage).toMatchObject({ input_tokens: 5, input_tokens_details: { cached_tokens: 0 } });
    expect(usage?.total_tokens).toBe(5 + (usage?.output_tokens ?? 0));
  });
});

describe("the demo upstream", () => {
  it("lists one model, which is the default", async () => {
    const { signal } = new AbortController();
    expect(await demo.models(signal)).toMatchObject([{ id: "demo" }]);
    expect(await demo.defaultModel(signal)).toBe("demo");
    expect(demo.description).toContain("demo model");
  });

  it("stops at once when aborted, even between two words", async () => {
    const controller = new AbortController();
    const slow = createDemo({ delayMs: 1_000_000 });
    const words = slow
      .stream(request("Count to 5"), { signal: controller.signal } as Turn)
      [Symbol.asyncIterator]();
    expect((await words.next()).value).toEqual([{ type: "text", text: "1" }]);
    const second = words.next();
    controller.abort();
    await expect(second).rejects.toThrow(/abort/i);
  });

  it("gives the same answer to the same request", async () => {
    const asked = request("What is the weather in Oslo?", {
      tools: [weather],
      reasoning: { effort: "high" },
    });
    expect(await batches(asked)).toEqual(await batches(asked));
  });
});
