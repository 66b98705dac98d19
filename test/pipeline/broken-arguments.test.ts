import { describe, expect, it } from "vitest";
import type { ModelRequest } from "../../core/index.ts";
import { withoutOptionalNulls } from "../../core/pipeline/optional-nulls.ts";
import { toObjectText, withObjectArguments } from "../../core/protocol/object-arguments.ts";
import { codeInterpreter } from "../../plugins/code-interpreter/index.ts";
import { mcp as mcpServers } from "../../plugins/mcp/index.ts";
import { openaiCompatible } from "../../plugins/upstream-openai-compatible/index.ts";
import { bothWays, plugin, wordsOf } from "../helpers/both-ways.ts";
import { type ChatServer, createChatServer, json } from "../helpers/chat-server.ts";
import { args, begin, finish } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { entry, odd } from "../helpers/mcp/odd.ts";
import { nativeAt } from "../helpers/native.ts";
import { called, message, responseOf } from "../helpers/responses-says.ts";
import { type ScriptedTurn, says, scripted } from "../helpers/scripted.ts";

const weather = { type: "function", name: "weather", parameters: {} };

/** What models write, and what a model server is given in its place. */
const WRITTEN: readonly (readonly [what: string, written: string, upstream: string])[] = [
  ["nothing", "", "{}"],
  ["spaces", " \n", "{}"],
  ["null", "null", "{}"],
  ["null and a line feed", " null\n", "{}"],
  ["half an object", '{"city": "Par', '{"arguments":"{\\"city\\": \\"Par"}'],
  ["an object twice", '{"a":1}{"a":1}', '{"arguments":"{\\"a\\":1}{\\"a\\":1}"}'],
  ["an object in a string", '"{\\"a\\":1}"', '{"arguments":"\\"{\\\\\\"a\\\\\\":1}\\""}'],
  ["a list", "[1]", '{"arguments":"[1]"}'],
  ["a number", "5", '{"arguments":"5"}'],
  ["words", "Paris", '{"arguments":"Paris"}'],
  ["Python's words", "{'a': None}", '{"arguments":"{\'a\': None}"}'],
  ["an object", ' {"a": 1}\n', ' {"a": 1}\n'],
  ["an object with a key twice", '{"a":1,"a":2}', '{"a":1,"a":2}'],
];

/** A turn in which the model calls a tool with these arguments. */
const wrote = (name: string, written: string): ScriptedTurn => [
  [begin(name), ...(written === "" ? [] : [args(0, written)]), finish("tool_calls")],
];

/** The arguments of the one call in a request. */
const argumentsIn = (request: ModelRequest | undefined) =>
  request?.items.flatMap(({ item }) => (item.type === "function_call" ? [item.arguments] : [])).join(" | ");

describe.each(WRITTEN)("arguments of %s", (_what, written, upstream) => {
  it("go upstream as an object of the same text each time", () => {
    expect(toObjectText(written)).toBe(upstream);
    expect(toObjectText(upstream)).toBe(upstream);
  });

  it("come to the client of a function as they were written, and back upstream as an object", async () => {
    const models = [0, 1].map(() => scripted(wrote("weather", written), says("sun")));
    let made = 0;
    const { vr, response, events } = await bothWays(
      () => ({ plugins: [models[made++] as (typeof models)[0]] }),
      {
        tools: [weather],
      },
    );
    const shown = written.trim() === "" ? `${written}{}` : written;
    expect(response.output).toMatchObject([{ type: "function_call", arguments: shown }]);
    const deltas = events.flatMap((event) =>
      event.type === "response.function_call_arguments.delta" ? [event.delta] : [],
    );
    expect(deltas.join("")).toBe(shown);
    if (written === "") expect(deltas).toEqual(["{}"]);

    await vr.stream({
      previous_response_id: response.id,
      tools: [weather],
      input: [{ type: "function_call_output", call_id: "call_weather_0", output: "sun" }],
    });
    expect(argumentsIn(models[1]?.requests[1])).toBe(toObjectText(shown));
  });

  it("of a gateway tool go upstream as an object in the same response, and from the store", async () => {
    const model = scripted(wrote("clock", written), says("noon"), says("still noon"));
    const clock = plugin("clock", (vr) =>
      vr.tools.add({ name: "clock", parameters: {}, execute: () => ({ kind: "output", output: "12" }) }),
    );
    const vr = await startInProcess({ plugins: [model, clock] });
    const { response, events } = await vr.stream();
    const shown = written.trim() === "" ? `${written}{}` : written;
    expect(response.output[0]).toMatchObject({ type: "mcp_call", arguments: shown });
    const deltas = events.flatMap((event) =>
      event.type === "response.mcp_call_arguments.delta" ? [event.delta] : [],
    );
    expect(deltas.join("")).toBe(shown);
    await vr.stream({ previous_response_id: response.id, input: "and now?" });
    const sent = toObjectText(shown);
    expect(model.requests.slice(1).map(argumentsIn)).toEqual([sent, sent]);
  });

  it("in a client's own history go upstream as an object", async () => {
    const model = scripted(says("sun"));
    const vr = await startInProcess({ plugins: [model] });
    const call = { type: "function_call", call_id: "call_1", name: "weather", arguments: written };
    const mcpCall = {
      type: "mcp_call",
      id: "mcp_1",
      server_label: "a",
      name: "b",
      arguments: written,
      output: "c",
    };
    const { response } = await vr.post({
      tools: [weather],
      store: false,
      input: [
        call,
        { type: "function_call_output", call_id: "call_1", output: "sun" },
        mcpCall,
        { role: "user", content: "?" },
      ],
    });
    expect(wordsOf(response.output)).toBe("sun");
    expect(argumentsIn(model.requests[0])).toBe(`${upstream} | ${upstream}`);
  });
});

describe("a request whose arguments are all objects", () => {
  it("is handed on as it is, and is not looked through twice", () => {
    const item = { type: "function_call" as const, call_id: "c", name: "n", arguments: '{"a":1}' };
    const request = { items: [{ item }] } as unknown as ModelRequest;
    expect(withObjectArguments(request)).toBe(request);
    item.arguments = "broken"; // which is not how anybody changes an item: it shows that the text is not read again
    expect(withObjectArguments(request)).toBe(request);
  });
});

describe("a model server that parses the arguments of the whole history", () => {
  const strict = (server: ChatServer) => {
    const calls = server.requests.flatMap(({ body }) => [
      ...(body.messages ?? []).flatMap((each: { tool_calls?: { function: { arguments: string } }[] }) =>
        (each.tool_calls ?? []).map((call) => call.function.arguments),
      ),
      ...(body.input ?? []).flatMap((each: { type: string; arguments: string }) =>
        each.type === "function_call" ? [each.arguments] : [],
      ),
    ]);
    return calls.map((text) => JSON.parse(text));
  };
  const input = [
    { type: "function_call", call_id: "call_1", name: "clock", arguments: "{broken" },
    { type: "function_call_output", call_id: "call_1", output: "noon" },
    { role: "user", content: "?" },
  ];

  it("can do so, of chat completions and of the Responses API, in the same response too", async () => {
    const chat = await createChatServer();
    const turn = (call: string | undefined) =>
      json({
        choices: [
          {
            index: 0,
            finish_reason: call === undefined ? "stop" : "tool_calls",
            message: {
              role: "assistant",
              content: call === undefined ? "noon" : null,
              ...(call === undefined
                ? {}
                : {
                    tool_calls: [{ id: "a", type: "function", function: { name: "clock", arguments: call } }],
                  }),
            },
          },
        ],
      });
    chat.reply(turn('{"zone": "U'), turn("null"), turn(undefined));
    const native = await createChatServer();
    native.reply(
      json(responseOf([called("fc_1", "call_a", '{"zone": "U')])),
      json(responseOf([called("fc_2", "call_b", "null")])),
      json(responseOf([message("msg_1", "noon")])),
    );
    const clock = plugin("clock", (vr) =>
      vr.tools.add({ name: "clock", parameters: {}, execute: () => ({ kind: "output", output: "12" }) }),
    );
    for (const [server, upstream] of [
      [chat, openaiCompatible({ baseUrl: chat.url, retries: 0 })],
      [native, nativeAt(native)],
    ] as const) {
      const vr = await startInProcess({ plugins: [upstream, clock] });
      const { response } = await vr.post({ input });
      expect(wordsOf(response.output)).toBe("noon");
      expect(strict(server)).toEqual([
        { arguments: "{broken" },
        { arguments: "{broken" },
        { arguments: '{"zone": "U' },
        { arguments: "{broken" },
        { arguments: '{"zone": "U' },
        {},
      ]);
      await server.close();
    }
  });
});

describe("a gateway tool", () => {
  /** What `clock` was run with, and what the model was told. */
  const running = async (written: string, parameters: object = {}) => {
    const ran: unknown[] = [];
    const model = scripted(wrote("clock", written), says("noon"));
    const clock = plugin("clock", (vr) =>
      vr.tools.add({
        name: "clock",
        parameters: parameters as Record<string, unknown>,
        execute: (values) => ({ kind: "output", output: `ran ${ran.push(values)}` }),
      }),
    );
    const vr = await startInProcess({ plugins: [model, clock] });
    const { response } = await vr.stream();
    expect(wordsOf(response.output)).toBe("noon");
    return { ran, told: (model.read(1).at(-1) as { output: string }).output };
  };

  it.each([
    ["nothing", "", {}],
    ["null", "null", {}],
    ["an object in a string", '"{\\"zone\\":\\"UTC\\"}"', { zone: "UTC" }],
    ["nothing in a string", '""', {}],
    ["null in a string", '"null"', {}],
  ])("runs with arguments of %s", async (_, written, values) => {
    expect((await running(written)).ran).toEqual([values]);
  });

  it.each([
    ["half an object", '{"zone', /not valid JSON/],
    ["half an object in a string", '"{\\"zone"', /not valid JSON/],
    ["a list", "[]", /not a JSON object/],
    ["words in a string", '"UTC"', /not a JSON object/],
    ["a string in a string", '"\\"{}\\""', /not a JSON object/],
    ["a key twice in a string", '"{\\"a\\":1,\\"a\\":2}"', /a key twice/],
  ])("does not run with arguments of %s: the model is told, and answers", async (_, written, says) => {
    const { ran, told } = await running(written);
    expect(ran).toEqual([]);
    expect(told).toMatch(says);
  });

  it("runs without the optional members that are null, which taps do not see either", async () => {
    const parameters = { type: "object", properties: { zone: { type: "string" } } };
    expect((await running('{"zone":null}', parameters)).ran).toEqual([{}]);
  });
});

describe("members that are null", () => {
  const integer = { type: "integer" };
  const form = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });

  it.each<[what: string, schema: object, values: object, left: object]>([
    ["are left out where they are optional", form({ a: integer }), { a: null }, {}],
    ["stay where they are required", form({ a: integer }, { required: ["a"] }), { a: null }, { a: null }],
    ["stay where null is a type", form({ a: { type: ["integer", "null"] } }), { a: null }, { a: null }],
    [
      "stay where null is one of several forms",
      form({ a: { anyOf: [integer, { type: "null" }] } }),
      { a: null },
      { a: null },
    ],
    ["stay where null is a value", form({ a: { enum: ["x", null] } }), { a: null }, { a: null }],
    ["stay where null is the value", form({ a: { const: null } }), { a: null }, { a: null }],
    [
      "stay in OpenAPI's way of saying it",
      form({ a: { type: "string", nullable: true } }),
      { a: null },
      { a: null },
    ],
    ["stay where anything may come", form({ a: {}, b: true }), { a: null, b: null }, { a: null, b: null }],
    [
      "go where one of several forms takes none",
      form({ a: { oneOf: [integer, { type: "string" }] } }),
      { a: null },
      {},
    ],
    ["go where an enum has none", form({ a: { enum: ["x"] } }), { a: null, b: 1 }, { b: 1 }],
    ["go where all forms must hold", form({ a: { allOf: [{}, integer] } }), { a: null }, {}],
    ["go in objects inside", form({ a: form({ b: integer }) }), { a: { b: null, c: 1 } }, { a: { c: 1 } }],
    [
      "go in lists of objects",
      form({ a: { items: form({ b: integer }) } }),
      { a: [{ b: null }, null] },
      { a: [{}, null] },
    ],
    [
      "are known through references",
      form(
        { a: { $ref: "#/$defs/n" }, b: { $ref: "#/$defs/o" } },
        { $defs: { n: integer, o: form({ c: integer }) } },
      ),
      { a: null, b: { c: null } },
      { b: {} },
    ],
    [
      "stay behind references that lead nowhere",
      form({ a: { $ref: "#/$defs/n" } }),
      { a: null },
      { a: null },
    ],
    [
      "stay behind references by name, of which nothing is known",
      form({ a: { $ref: "#n" } }),
      { a: null },
      { a: null },
    ],
    [
      "are known through references that are written as in URLs",
      form({ a: { $ref: "#/$defs/an%20n" } }, { $defs: { "an n": integer } }),
      { a: null },
      {},
    ],
    ["stay behind references elsewhere", form({ a: { $ref: "https://a/b" } }), { a: null }, { a: null }],
    ["stay behind references in a circle", form({ a: { $ref: "#/properties/a" } }), { a: null }, { a: null }],
    ["go where no other member may come", form({}, { additionalProperties: false }), { a: null }, {}],
    ["stay where others may come", form({}), { a: null }, { a: null }],
    ["are no matter of a wrong schema", form({ a: integer }, { required: null }), { a: null }, {}],
    ["are left alone without properties", { type: "object", properties: "x" }, { a: null }, { a: null }],
    ["are not looked for on prototypes", form({}), { constructor: null }, { constructor: null }],
  ])("%s", (_what, schema, values, left) => {
    expect(
      withoutOptionalNulls(values as Record<string, unknown>, schema as Record<string, unknown>),
    ).toEqual(left);
  });

  it("cost nothing where there are none", () => {
    const values = { a: { b: 1 }, c: [{ d: 2 }] };
    expect(
      withoutOptionalNulls(values, form({ a: form({ b: integer }), c: { items: form({ d: integer }) } })),
    ).toBe(values);
  });

  it("end at a schema whose references multiply", () => {
    const twice = { allOf: [{ $ref: "#/properties/a" }, { $ref: "#/properties/a" }] };
    expect(withoutOptionalNulls({ a: null }, form({ a: twice }))).toEqual({ a: null });
  });

  it("end at a schema that contains itself", () => {
    const schema = form({ a: { $ref: "#" }, b: { anyOf: [{ $ref: "#/properties/b" }] } });
    expect(withoutOptionalNulls({ a: { a: { b: null } } }, schema)).toEqual({ a: { a: { b: null } } });
  });

  it("keep no call from an MCP server or the code interpreter", async () => {
    const model = scripted(
      wrote("odd__referring", '{"place":{"city":"Paris"},"tags":null}'),
      wrote("python", '{"code":"print(6*7)","timeout":null}'),
      says("done"),
    );
    const vr = await startInProcess({
      plugins: [model, mcpServers({ servers: { odd: odd() } }), codeInterpreter()],
    });
    await vr.stream({ tools: [entry(), { type: "code_interpreter" }] });
    const outputs = model
      .read(2)
      .flatMap((item) => (item.type === "function_call_output" ? [item.output] : []));
    expect(outputs).toEqual(['{"place":{"city":"Paris"}}', "42"]);
  });
});
