import { describe, expect, it } from "vitest";
import { InvalidRequestError } from "../../core/errors.ts";
import { type KnownTools, parseRequest } from "../../core/pipeline/parse.ts";
import { toWarnings } from "../../core/routing/extra.ts";

const HI = { input: "hi" };

/** The error's `param` and message; `undefined` where the body is fine. */
function refusal(body: unknown, known?: KnownTools) {
  try {
    parseRequest(body, known);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    return { param: error.param, message: error.message };
  }
}

const parse = (body: unknown, known?: KnownTools) => parseRequest(body, known);
const fn = (name: string) => ({ type: "function", name });
const REGISTERED: KnownTools = { knownTypes: new Set(["acme_search", "shell"]), hasOfferedTools: true };

describe("the body", () => {
  it.each([undefined, null, [], "hi", 3])("must be an object, not %j", (body) => {
    expect(refusal(body)).toMatchObject({ param: null });
  });

  it("gives every default that the API documents", () => {
    expect(parse({ model: "m", ...HI })).toEqual({
      model: "m",
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] }],
      tools: [],
      tool_choice: "auto",
      include: new Set(),
      store: true,
      stream: false,
      metadata: {},
    });
  });

  it("needs no model", () => {
    expect(parse(HI)).not.toHaveProperty("model");
  });

  it("reads null as absent, for every parameter", () => {
    const names = [
      ..."background context_management conversation include instructions max_output_tokens".split(" "),
      ..."max_tool_calls metadata model moderation parallel_tool_calls previous_response_id prompt".split(
        " ",
      ),
      ..."prompt_cache_key prompt_cache_options prompt_cache_retention reasoning safety_identifier".split(
        " ",
      ),
      ..."service_tier store stream stream_options temperature text tool_choice tools".split(" "),
      ..."top_logprobs top_p truncation user".split(" "),
    ];
    const nulls = Object.fromEntries(names.map((name) => [name, null]));
    expect(parseRequest({ ...nulls, ...HI })).toEqual(parseRequest(HI));
  });

  it("survives lone surrogates wherever text may stand", () => {
    const lone = "\ud800";
    expect(parse({ input: lone, user: lone }).user).toBe(lone);
    expect(refusal({ ...HI, service_tier: lone })?.message).toContain('got "?"');
    expect(toWarnings(Object.keys(parse({ ...HI, [lone]: 1 }).extra ?? {}))).toEqual([
      'unknown parameter "?" was ignored',
    ]);
  });
});

describe("unknown parameters", () => {
  const warnings = (body: object) => toWarnings(Object.keys(parse({ ...HI, ...body }).extra ?? {}));

  it("are kept apart, for upstreams that take them; else there is a warning each", () => {
    const unknown = { client_metadata: { a: "b" }, generate: false };
    const request = parse({ ...HI, ...unknown });
    expect(request.extra).toEqual(unknown);
    expect(request).not.toHaveProperty("client_metadata");
    expect(parse(HI)).not.toHaveProperty("extra");
    expect(warnings(unknown)).toEqual([
      'unknown parameter "client_metadata" was ignored',
      'unknown parameter "generate" was ignored',
    ]);
  });

  it("are not looked up on Object.prototype", () => {
    const body = JSON.parse('{"input":"hi","__proto__":{"stream":true},"constructor":1}');
    expect(Object.keys(parse(body).extra ?? {})).toEqual(["__proto__", "constructor"]);
    expect(parse(body).stream).toBe(false);
  });

  it("are named in printable ASCII, shortened, so that a header can carry them", () => {
    const [first, second] = warnings({ 'a"b\\c\r\nd\u00e9': 1, ["x".repeat(500)]: 1 });
    expect(first).toBe('unknown parameter "a?b?c??d?" was ignored');
    expect(second).toBe(`unknown parameter "${"x".repeat(40)}..." was ignored`);
  });

  it("are counted once there are many", () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`p${i}`, 1]));
    const all = warnings(many);
    expect(all).toHaveLength(9);
    expect(all.at(-1)).toBe("992 more unknown parameters were ignored");
  });
});

describe("input", () => {
  it.each([{}, { input: null }, { input: [] }])("is required: %j", (body) => {
    expect(refusal(body)).toMatchObject({ param: "input" });
  });

  it.each([{}, { input: null }, { input: [] }])("may be missing after a previous response: %j", (body) => {
    expect(parse({ ...body, previous_response_id: "resp_1" }).input).toEqual([]);
  });

  it("is a string or an array", () => {
    expect(refusal({ input: { role: "user" } })).toEqual({
      param: "input",
      message: 'Invalid "input": expected a string or an array of items, got an object.',
    });
  });
});

describe("values", () => {
  it.each<[string, unknown[]]>([
    ["background", [false]],
    ["include", [[], ["reasoning.encrypted_content", "code_interpreter_call.outputs"]]],
    ["instructions", ["", "Be brief."]],
    ["max_output_tokens", [16, 100_000]],
    ["max_tool_calls", [0, 5]],
    ["metadata", [{}, { ["k".repeat(64)]: "v".repeat(512) }]],
    ["parallel_tool_calls", [true, false]],
    ["prompt_cache_key", ["k"]],
    ["prompt_cache_options", [{}, { mode: "explicit", ttl: "30m" }]],
    ["prompt_cache_retention", ["in_memory", "24h"]],
    ["reasoning", [{}, { effort: "xhigh", summary: "auto", context: "all_turns", mode: "pro" }]],
    ["safety_identifier", ["s".repeat(64)]],
    ["service_tier", ["auto", "flex", "ultrafast"]],
    ["stream_options", [{}]],
    ["temperature", [0, 2, 0.7]],
    ["text", [{}, { verbosity: "low" }, { format: { type: "text" } }, { format: { type: "json_object" } }]],
    ["text", [{ format: { type: "json_schema", name: "a-b_1", schema: {}, strict: true } }]],
    ["top_logprobs", [0, 20]],
    ["top_p", [0, 1]],
    ["truncation", ["disabled"]],
    ["user", ["u"]],
  ])("accepts %s: %j", (name, values) => {
    for (const value of values) expect(refusal({ ...HI, [name]: value })).toBeUndefined();
  });

  it.each<[param: string, body: object, says: string]>([
    ["background", { background: 1 }, "expected a boolean, got 1"],
    ["include", { include: "all" }, "expected an array, got a string"],
    ["include[1]", { include: ["reasoning.encrypted_content", "everything"] }, 'got "everything"'],
    ["instructions", { instructions: ["Be brief."] }, "expected a string, got an array"],
    ["max_output_tokens", { max_output_tokens: 15 }, "at least 16, got 15"],
    ["max_output_tokens", { max_output_tokens: 16.5 }, "expected an integer, got 16.5"],
    ["max_tool_calls", { max_tool_calls: -1 }, "at least 0, got -1"],
    ["metadata", { metadata: "a" }, "expected an object, got a string"],
    ["metadata", { metadata: Object.fromEntries([...Array(17).keys()].map((i) => [i, ""])) }, "got 17"],
    ["metadata", { metadata: { ["k".repeat(65)]: "" } }, "keys of at most 64 characters"],
    ["metadata.a", { metadata: { a: 1 } }, "expected a string, got 1"],
    ["metadata.a", { metadata: { a: null } }, "expected a string, got null"],
    ["metadata.a", { metadata: { a: "v".repeat(513) } }, "at most 512 characters, got 513"],
    ["model", { model: 3 }, "expected a string, got 3"],
    ["model", { model: "" }, "expected a string that is not empty, got an empty one"],
    ["parallel_tool_calls", { parallel_tool_calls: "yes" }, "expected a boolean, got a string"],
    ["previous_response_id", { previous_response_id: 1 }, "expected a string, got 1"],
    ["prompt_cache_options.ttl", { prompt_cache_options: { ttl: "9h" } }, 'expected "30m", got "9h"'],
    ["prompt_cache_retention", { prompt_cache_retention: "1h" }, 'got "1h"'],
    ["reasoning", { reasoning: "high" }, "expected an object, got a string"],
    ["reasoning.effort", { reasoning: { effort: "huge" } }, 'got "huge"'],
    ["reasoning.generate_summary", { reasoning: { generate_summary: "x" } }, 'got "x"'],
    ["safety_identifier", { safety_identifier: "s".repeat(65) }, "at most 64 characters, got 65"],
    ["service_tier", { service_tier: "gold" }, 'got "gold"'],
    ["store", { store: 0 }, "expected a boolean, got 0"],
    ["stream", { stream: "true" }, "expected a boolean, got a string"],
    ["stream_options.include_obfuscation", { stream: true, stream_options: { include_obfuscation: 1 } }, "1"],
    ["temperature", { temperature: 2.1 }, "at most 2, got 2.1"],
    ["temperature", { temperature: -1 }, "at least 0, got -1"],
    ["text", { text: "json" }, "expected an object, got a string"],
    ["text.format", { text: { format: "json_object" } }, "expected an object, got a string"],
    ["text.format.name", { text: { format: { type: "json_schema", name: "a b", schema: {} } } }, '"a b"'],
    ["text.format.schema", { text: { format: { type: "json_schema", name: "a" } } }, "got nothing"],
    ["text.format.schema", { text: { format: { type: "json_schema", name: "a", schema: [] } } }, "an array"],
    ["text.format.type", { text: { format: {} } }, "got nothing"],
    ["text.format.type", { text: { format: { type: "grammar" } } }, 'got "grammar"'],
    ["text.verbosity", { text: { verbosity: "max" } }, 'got "max"'],
    ["top_logprobs", { top_logprobs: 21 }, "at most 20, got 21"],
    ["top_p", { top_p: 1.01 }, "at most 1, got 1.01"],
    ["truncation", { truncation: "middle" }, 'got "middle"'],
    ["user", { user: {} }, "expected a string, got an object"],
  ])("refuses a wrong %s: %j", (param, body, says) => {
    const refused = refusal({ ...HI, ...body });
    expect(refused).toMatchObject({ param });
    expect(refused?.message).toContain(says);
  });

  it.each<[param: string, body: object]>([
    ["background", { background: true }],
    ["context_management", { context_management: [{ type: "compaction" }] }],
    ["conversation", { conversation: "conv_1" }],
    ["moderation", { moderation: { model: "m" } }],
    ["prompt", { prompt: { id: "pmpt_1" } }],
    ["truncation", { truncation: "auto" }],
  ])("says that %s is not supported yet", (param, body) => {
    const refused = refusal({ ...HI, ...body });
    expect(refused).toMatchObject({ param });
    expect(refused?.message).toContain("not supported yet");
  });

  it("drops nulls inside of parameters, and keeps keys that it does not know", () => {
    const request = parse({
      ...HI,
      reasoning: { effort: null, summary: "auto", later: 1 },
      text: {
        verbosity: null,
        format: { type: "json_schema", name: "a", schema: { x: null }, strict: null },
      },
    });
    expect(request.reasoning).toEqual({ summary: "auto", later: 1 });
    expect(request.text).toEqual({ format: { type: "json_schema", name: "a", schema: { x: null } } });
  });

  it("takes stream_options with a stream only", () => {
    const stream_options = { include_obfuscation: false };
    expect(parse({ ...HI, stream: true, stream_options }).stream_options).toEqual(stream_options);
    expect(refusal({ ...HI, stream_options })).toMatchObject({ param: "stream_options" });
    expect(refusal({ ...HI, stream_options: { include_obfuscation: null } })).toBeUndefined();
  });

  it("never repeats long or free text of the client's", () => {
    const secret = `sk-${"s".repeat(300)}`;
    for (const body of [{ temperature: secret }, { service_tier: secret }, { metadata: [secret] }]) {
      const message = refusal({ ...HI, ...body })?.message ?? "";
      expect(message).not.toBe("");
      expect(message).not.toContain("s".repeat(41));
    }
  });
});

describe("tools", () => {
  it("fills in what the API lets a function leave out", () => {
    const filled = { parameters: { type: "object", properties: {} }, strict: null, description: null };
    expect(parse({ ...HI, tools: [fn("a")] }).tools).toEqual([{ ...fn("a"), ...filled }]);
    expect(parse({ ...HI, tools: [{ ...fn("a"), parameters: null }] }).tools).toEqual([
      { ...fn("a"), ...filled },
    ]);
  });

  it("keeps a function's own keys", () => {
    const tool = { ...fn("a"), description: "A.", parameters: { type: "object" }, strict: true, extra: 1 };
    expect(parse({ ...HI, tools: [tool] }).tools).toEqual([tool]);
  });

  it("passes hosted types as they came, for their kind to check", () => {
    const tools = [
      { type: "code_interpreter" },
      { type: "mcp", server_label: "docs", require_approval: "never" },
      { type: "web_search", external_web_access: false },
      { type: "file_search" },
      { type: "image_generation" },
    ];
    expect(parse({ ...HI, tools }).tools).toEqual(tools);
  });

  it("passes types that a plugin registered, its own or the API's", () => {
    const tools = [{ type: "acme_search" }, { type: "shell" }];
    expect(parse({ ...HI, tools }, REGISTERED).tools).toEqual(tools);
  });

  const CLIENT_TYPES = ["custom", "namespace", "local_shell", "shell", "apply_patch", "computer"];
  it.each([...CLIENT_TYPES, "computer_use_preview", "tool_search", "programmatic_tool_calling"])(
    "says that %s is not supported yet",
    (type) => {
      expect(refusal({ ...HI, tools: [fn("a"), { type }] })).toEqual({
        param: "tools[1].type",
        message: `Invalid "tools[1].type": a tool of type "${type}" is not supported yet.`,
      });
    },
  );

  it.each<[param: string, tools: unknown, says: string]>([
    ["tools", {}, "expected an array, got an object"],
    ["tools[0]", ["function"], "expected an object, got a string"],
    ["tools[0].type", [{ name: "a" }], "expected a string, got nothing"],
    ["tools[2].type", [fn("a"), fn("b"), { type: "functoin" }], '"functoin" is no known tool type'],
    ["tools[0].type", [{ type: "constructor" }], "no known tool type"],
    ["tools[0].name", [{ type: "function" }], "expected a string, got nothing"],
    ["tools[0].name", [fn("")], "^[a-zA-Z0-9_-]{1,128}$"],
    ["tools[0].name", [fn("a.b")], 'got "a.b"'],
    ["tools[0].name", [fn("a".repeat(129))], "^[a-zA-Z0-9_-]{1,128}$"],
    ["tools[0].name", [{ type: "function", function: { name: "a" } }], "expected a string, got nothing"],
    ["tools[0].description", [{ ...fn("a"), description: 1 }], "expected a string, got 1"],
    ["tools[0].parameters", [{ ...fn("a"), parameters: [] }], "expected an object, got an array"],
    ["tools[0].strict", [{ ...fn("a"), strict: "yes" }], "expected a boolean, got a string"],
    ["tools[1].name", [fn("a"), fn("a")], 'another function named "a"'],
  ])("names %s: %j", (param, tools, says) => {
    const refused = refusal({ ...HI, tools });
    expect(refused).toMatchObject({ param });
    expect(refused?.message).toContain(says);
  });

  it("takes function names of 128 characters", () => {
    expect(refusal({ ...HI, tools: [fn("a".repeat(128))] })).toBeUndefined();
  });
});

describe("tool_choice", () => {
  const tools = [
    fn("add"),
    { type: "mcp", server_label: "docs" },
    { type: "code_interpreter" },
    { type: "web_search" },
  ];

  it.each([
    "none",
    "auto",
    "required",
    { type: "function", name: "add" },
    { type: "mcp", server_label: "docs" },
    { type: "mcp", server_label: "docs", name: "search" },
    { type: "code_interpreter" },
    { type: "web_search_preview_2025_03_11" },
    { type: "allowed_tools", mode: "auto", tools: [] },
    { type: "allowed_tools", mode: "required", tools: [fn("add"), { type: "mcp", server_label: "docs" }] },
  ])("accepts %j", (tool_choice) => {
    expect(parse({ ...HI, tools, tool_choice }).tool_choice).toEqual(tool_choice);
  });

  it.each<[param: string, choice: unknown, says: string]>([
    ["tool_choice", "any", 'got "any"'],
    ["tool_choice", 1, "expected a string or an object, got 1"],
    ["tool_choice", { type: "function", name: "sub" }, 'no function "sub" in tools'],
    ["tool_choice", { type: "mcp", server_label: "other" }, 'no MCP server "other" in tools'],
    ["tool_choice", { type: "file_search" }, 'no tool of type "file_search" in tools'],
    ["tool_choice.name", { type: "function" }, "expected a string, got nothing"],
    ["tool_choice.name", { type: "function", function: { name: "add" } }, "got nothing"],
    ["tool_choice.server_label", { type: "mcp" }, "expected a string, got nothing"],
    ["tool_choice.type", {}, "expected a string, got nothing"],
    ["tool_choice.type", { type: "custom", name: "a" }, "not supported yet"],
    ["tool_choice.type", { type: "computer_use" }, "not supported yet"],
    ["tool_choice.type", { type: "magic" }, '"magic" is no known type of choice'],
    ["tool_choice.mode", { type: "allowed_tools", tools: [] }, "got nothing"],
    ["tool_choice.tools", { type: "allowed_tools", mode: "auto" }, "expected an array, got nothing"],
    ["tool_choice.tools", { type: "allowed_tools", mode: "required", tools: [] }, "at least one tool"],
    ["tool_choice.tools[0]", { type: "allowed_tools", mode: "auto", tools: ["add"] }, "got a string"],
    ["tool_choice.tools[1]", { type: "allowed_tools", mode: "auto", tools: [fn("add"), fn("sub")] }, '"sub"'],
  ])("names %s: %j", (param, tool_choice, says) => {
    const refused = refusal({ ...HI, tools, tool_choice });
    expect(refused).toMatchObject({ param });
    expect(refused?.message).toContain(says);
  });

  it("cannot require a tool where there is none", () => {
    expect(refusal({ ...HI, tool_choice: "required" })).toMatchObject({ param: "tool_choice" });
    expect(refusal({ ...HI, tool_choice: "auto" })).toBeUndefined();
  });

  it("can require a tool, or name a label, that only plugins offer", () => {
    expect(refusal({ ...HI, tool_choice: "required" }, REGISTERED)).toBeUndefined();
    expect(
      refusal({ ...HI, tool_choice: { type: "mcp", server_label: "clock" } }, REGISTERED),
    ).toBeUndefined();
  });

  it("can name a type that a plugin registered, if it is among the tools", () => {
    const tool_choice = { type: "acme_search" };
    expect(refusal({ ...HI, tools: [tool_choice], tool_choice }, REGISTERED)).toBeUndefined();
    expect(refusal({ ...HI, tool_choice }, REGISTERED)).toMatchObject({ param: "tool_choice" });
  });
});
